// The floor's API: a POST becomes a row, then a job.
import { randomUUID } from 'node:crypto'
import { Queue } from 'bullmq'
import Fastify from 'fastify'
import { Pool } from 'pg'
import { floorConfig } from './config.ts'
import { connectQueue, jobOptions, prefix, queueName } from './queue.ts'

/** As many as the gateway has. */
const CONNECTIONS = 20

const pool = new Pool({ connectionString: floorConfig.databaseUrl, max: CONNECTIONS })
const queue = new Queue(queueName, { connection: connectQueue(), prefix })
const app = Fastify()

const insert =
  "insert into floor.calls (id, phone_id, person, status) values ($1, $2, $3, 'queued')"

app.get('/healthz', () => ({ status: 'ok' }))
app.post<{ Body: { phoneId: string; to: string } }>('/calls', async (request, reply) => {
  const { phoneId, to } = request.body
  const id = randomUUID()
  await pool.query({ name: 'insert', text: insert, values: [id, phoneId, to] })
  await queue.add('dial', { id }, { ...jobOptions, jobId: id })
  return reply.code(202).send({ id })
})
await app.listen({ host: '127.0.0.1', port: floorConfig.port })

process.once('SIGTERM', () => process.exit(0))
