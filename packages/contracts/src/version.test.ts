import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { clientMessageSchema, CONSUMER_PROTOCOL, serverMessageSchema } from './consumer-socket.ts'
import { eventData } from './event.ts'

// The consumer socket is spoken by programs of other people. When this fails, the wire has changed: if an
// old consumer would misread it, raise CONSUMER_PROTOCOL; then write the new hash here.
test('the consumer socket’s messages are those of protocol 1', () => {
  const wire = [
    z.toJSONSchema(clientMessageSchema),
    z.toJSONSchema(serverMessageSchema),
    ...Object.entries(eventData).map(([type, schema]) => [type, z.toJSONSchema(schema)]),
  ]
  const hash = createHash('sha256').update(JSON.stringify(wire)).digest('hex').slice(0, 16)
  expect({ protocol: CONSUMER_PROTOCOL, hash }).toMatchInlineSnapshot(`
    {
      "hash": "3cfa6bf3efde6f08",
      "protocol": 1,
    }
  `)
})
