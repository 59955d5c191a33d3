import type { CallJob, CheckJob } from '@callwire/contracts'
import type { JobsOptions } from 'bullmq'
import { busCall } from './bus-error.ts'
import type { BusConnection } from './connection.ts'
import { createDialQueue, type DialQueue } from './dial-queue.ts'
import { openQueue } from './open-queue.ts'

export type Queues = DialQueue & {
  wakeCallback(job: CallJob): Promise<void>
  wakeTranscriber(job: CallJob): Promise<void>
  /** Has a dialer ask Exotel whether a phone's credentials work; worth nothing after a moment. */
  wakeCheck(job: CheckJob): Promise<void>
  close(): Promise<void>
}

/** Postgres knows what became of it all; the queue's own memory is for looking at, so bounded. */
const jobOptions = {
  attempts: 1,
  removeOnComplete: { age: 86_400, count: 10_000 },
  removeOnFail: { age: 7 * 86_400, count: 10_000 },
} as const satisfies JobsOptions

/** Queues hold ids only. All methods reject with `BusError` `unavailable` while Redis is away. */
export function createQueues(conn: BusConnection): Queues {
  const dial = openQueue(conn, 'dial')
  const callback = openQueue(conn, 'callback')
  const transcribe = openQueue(conn, 'transcribe')
  const check = openQueue(conn, 'check')

  const wake = (queue: typeof callback | typeof transcribe, { tenantId, callId }: CallJob) =>
    busCall(async () => {
      await queue.use((q) => q.add(q.name, { tenantId, callId }, jobOptions))
    })

  return {
    ...createDialQueue(conn, dial),
    wakeCallback: (job) => wake(callback, job),
    wakeTranscriber: (job) => wake(transcribe, job),
    wakeCheck: ({ tenantId, checkId }) =>
      busCall(async () => {
        await check.use((q) => q.add(q.name, { tenantId, checkId }, jobOptions))
      }),
    close: async () => {
      await Promise.allSettled([dial, callback, transcribe, check].map((queue) => queue.close()))
    },
  }
}
