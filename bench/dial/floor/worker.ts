// The floor's dialer: a job becomes a request, with rows written before and after it.
import { Worker } from 'bullmq'
import { Pool } from 'pg'
import { Agent, request } from 'undici'
import { floorConfig } from './config.ts'
import { connectQueue, prefix, queueName } from './queue.ts'
import { dialing, placed } from './statements.ts'

/** As many as the dialer has. */
const CONNECTIONS = 10
const AT_ONCE = 200

const pool = new Pool({ connectionString: floorConfig.databaseUrl, max: CONNECTIONS })
const dispatcher = new Agent()
const url = `${floorConfig.exotelOrigin}/v1/Accounts/bench/Calls/connect.json`
const headers = {
  authorization: `Basic ${Buffer.from('bench-key:bench-token').toString('base64')}`,
  'content-type': 'application/x-www-form-urlencoded',
}

const worker = new Worker<{ id: string }>(
  queueName,
  async ({ data: { id } }) => {
    const { rows } = await pool.query<{ person: string }>({ ...dialing, values: [id] })
    const form = new URLSearchParams({ From: rows[0]?.person ?? '', CustomField: id })
    const { body } = await request(url, {
      method: 'POST',
      headers,
      body: form.toString(),
      dispatcher,
    })
    const { Call } = (await body.json()) as { Call: { Sid: string } }
    await pool.query({ ...placed, values: [id, Call.Sid] })
  },
  { connection: connectQueue(), prefix, concurrency: AT_ONCE },
)
worker.on('error', () => undefined)

process.once('SIGTERM', () => process.exit(0))
