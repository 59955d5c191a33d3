// A dialer that does nothing but key jobs, to be killed: `node rotate-child.ts <database URL>`.
import { setTimeout as sleep } from 'node:timers/promises'
import { connectDatabase } from '@callwire/db'
import { createLogger, systemClock } from '@callwire/runtime'
import { runKeyJobs } from '../jobs/run-key-jobs.ts'
import { dialersRings } from './test-keys.ts'

const [, , url = ''] = process.argv
const database = await connectDatabase({ url, applicationName: 'rotate-child', maxConnections: 2 })
for (;;) {
  await runKeyJobs({
    ...dialersRings('k2', 'k1'),
    database,
    clock: systemClock,
    log: createLogger({ service: 'rotate-child', level: 'error' }),
    owner: `child ${process.pid}`,
    stopping: new AbortController().signal,
    staleMs: 200,
  })
  await sleep(20)
}
