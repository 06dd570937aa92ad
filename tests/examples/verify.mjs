// Standard input: [{secret, headers, body (base64)}, ...]. Standard output: for each whether npm's standardwebhooks verifies it.
import { readFileSync } from 'node:fs'
import { Webhook } from 'standardwebhooks'

const answers = JSON.parse(readFileSync(0, 'utf8')).map(({ secret, headers, body }) => {
  try {
    new Webhook(secret).verify(Buffer.from(body, 'base64'), headers)
    return 'verified'
  } catch (error) {
    return error.message
  }
})
console.log(JSON.stringify(answers))
