import pg from 'pg'

const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
try {
  await client.query('BEGIN')
  const user = await client.query('INSERT INTO users (name) VALUES ($1) RETURNING id', [process.argv[2]])
  const event = await client.query('SELECT moai.publish($1, $2) AS id', ['user.created', { userId: user.rows[0].id }])
  await client.query('COMMIT')
  console.log(event.rows[0].id)
} catch (error) {
  await client.query('ROLLBACK')
  throw error
} finally {
  await client.end()
}
