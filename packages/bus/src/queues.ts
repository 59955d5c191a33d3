import type { CallJob, CheckJob } from '@callwire/contracts'
import { errorFields } from '@callwire/runtime'
import { Queue, type JobsOptions } from 'bullmq'
import { busCall } from './bus-error.ts'
import type { BusConnection } from './connection.ts'
import { createDialQueue, type DialQueue } from './dial-queue.ts'
import type { JobOf } from './job.ts'
import { names, type QueueName } from './names.ts'

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
  const open = <Name extends QueueName>(name: Name) => {
    type Ids = JobOf<Name>
    const queue = new Queue<Ids, undefined, string, Ids, undefined, string>(name, {
      connection: conn.command,
      prefix: names.queuePrefix,
      skipMetasUpdate: true,
    })
    queue.on('error', (error) =>
      conn.log.debug({ queue: name, ...errorFields(error) }, 'queue fault'),
    )
    return queue
  }
  const dial = open('dial')
  const callback = open('callback')
  const transcribe = open('transcribe')
  const check = open('check')

  const wake = (queue: typeof callback | typeof transcribe, { tenantId, callId }: CallJob) =>
    busCall(async () => {
      await queue.add(queue.name, { tenantId, callId }, jobOptions)
    })

  return {
    ...createDialQueue(conn, dial),
    wakeCallback: (job) => wake(callback, job),
    wakeTranscriber: (job) => wake(transcribe, job),
    wakeCheck: ({ tenantId, checkId }) =>
      busCall(async () => {
        await check.add(check.name, { tenantId, checkId }, jobOptions)
      }),
    close: async () => {
      await Promise.allSettled([dial, callback, transcribe, check].map((queue) => queue.close()))
    },
  }
}
