import http from 'node:http'
import pg from 'pg'
import { Webhook } from 'standardwebhooks'

const secrets = JSON.parse(process.env.WEBHOOK_SECRETS) // {"<subscription id>": "whsec_…"}
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })

// The event, or undefined for a request that no secret of ours signed. `body` must be the bytes as they came.
function verified(body, headers) {
  try {
    return new Webhook(secrets[headers['moai-subscription-id']]).verify(body, headers)
  } catch {
    return undefined
  }
}

// The mark and the work commit together: a repeat finds the mark, a crash leaves neither.
async function handleOnce(event, headers) {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const mark = await client.query(
      'INSERT INTO webhook_seen (webhook_id, subscription_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [headers['webhook-id'], headers['moai-subscription-id']])
    if (mark.rowCount === 1) {
      await client.query('INSERT INTO welcome_letter (user_id) VALUES ($1)', [event.data.userId])
    }
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

const server = http.createServer(async (request, response) => {
  try {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const event = verified(Buffer.concat(chunks), request.headers)
    if (event !== undefined) await handleOnce(event, request.headers)
    response.writeHead(event === undefined ? 401 : 204).end()
  } catch (error) {
    console.error(error)
    response.writeHead(500).end() // anything but 2xx: it will be delivered again
  }
})
server.listen(Number(process.env.PORT ?? 3001), '127.0.0.1', () => console.log(`listening on ${server.address().port}`))
