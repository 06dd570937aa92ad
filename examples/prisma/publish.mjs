import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '@prisma/client'

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) })
try {
  const id = await prisma.$transaction(async (tx) => {
    const user = await tx.user.create({ data: { name: process.argv[2] } })
    const payload = JSON.stringify({ userId: user.id })
    const [event] = await tx.$queryRaw`SELECT moai.publish('user.created', ${payload}::json) AS id`
    await tx.$executeRaw`SELECT moai.publish('user.invited', ${payload}::json)` // where the id is of no interest
    return event.id
  })
  console.log(id)
} finally {
  await prisma.$disconnect()
}
