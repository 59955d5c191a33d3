// The floor's API: a POST becomes the rows of a call, then a job.
import { randomUUID } from 'node:crypto'
import { Queue } from 'bullmq'
import Fastify from 'fastify'
import { Pool } from 'pg'
import { floorConfig } from './config.ts'
import { connectQueue, jobOptions, prefix, queueName } from './queue.ts'
import { queued } from './statements.ts'

/** As many as the gateway has. */
const CONNECTIONS = 20

const pool = new Pool({ connectionString: floorConfig.databaseUrl, max: CONNECTIONS })
const queue = new Queue(queueName, { connection: connectQueue(), prefix })
const app = Fastify()

app.get('/healthz', () => ({ status: 'ok' }))
app.post<{ Body: { phoneId: string; to: string } }>('/calls', async (request, reply) => {
  const { phoneId, to } = request.body
  const id = randomUUID()
  await pool.query({ ...queued, values: [id, phoneId, to] })
  await queue.add('dial', { id }, { ...jobOptions, jobId: id })
  return reply.code(202).send({ id })
})
await app.listen({ host: '127.0.0.1', port: floorConfig.port })

process.once('SIGTERM', () => process.exit(0))
