import type { CallJob, CheckJob } from '@callwire/contracts'
import { errorFields } from '@callwire/runtime'
import { Queue, type JobsOptions } from 'bullmq'
import { busCall } from './bus-error.ts'
import type { BusConnection } from './connection.ts'
import type { JobOf } from './job.ts'
import { names, type QueueName } from './names.ts'

export type DialJob = CallJob

export type Queues = {
  /**
   * Wakes a dialer for one attempt of a call, after `delayMs`, `priority` 0–9 with 9 first.
   * A wake-up that still waits or runs is left alone; one that has run is replaced, so a sweep
   * may call this for every call it finds waiting.
   */
  wakeDialer(
    job: DialJob & { attempt: number },
    o?: { delayMs?: number; priority?: number },
  ): Promise<void>
  wakeCallback(job: CallJob): Promise<void>
  wakeTranscriber(job: CallJob): Promise<void>
  /** Has a dialer ask Exotel whether a phone's credentials work; worth nothing after a moment. */
  wakeCheck(job: CheckJob): Promise<void>
  /** Whether a wake-up for this attempt waits or runs. */
  hasDialJob(callId: string, attempt: number): Promise<boolean>
  close(): Promise<void>
}

/** Postgres knows what happened to a call; the queue's own memory is for looking at, so bounded. */
const jobOptions = {
  attempts: 1,
  removeOnComplete: { age: 86_400, count: 10_000 },
  removeOnFail: { age: 7 * 86_400, count: 10_000 },
} as const satisfies JobsOptions

const lowestPriority = 0
const highestPriority = 9

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
    wakeDialer: ({ tenantId, callId, attempt }, o = {}) =>
      busCall(async () => {
        const jobId = dialJobId(callId, attempt)
        // Adding an id that the queue remembers does nothing, also when that job has long run.
        const state = await dial.getJobState(jobId)
        if (state === 'completed' || state === 'failed') await dial.remove(jobId)
        await dial.add(
          dial.name,
          { tenantId, callId },
          {
            ...jobOptions,
            jobId,
            delay: Math.max(0, Math.floor(o.delayMs ?? 0)),
            priority: queuePriority(o.priority ?? lowestPriority),
          },
        )
      }),
    wakeCallback: (job) => wake(callback, job),
    wakeTranscriber: (job) => wake(transcribe, job),
    wakeCheck: ({ tenantId, checkId }) =>
      busCall(async () => {
        await check.add(check.name, { tenantId, checkId }, jobOptions)
      }),
    hasDialJob: (callId, attempt) =>
      busCall(async () => {
        const state = await dial.getJobState(dialJobId(callId, attempt))
        return state !== 'completed' && state !== 'failed' && state !== 'unknown'
      }),
    close: async () => {
      await Promise.allSettled([dial, callback, transcribe, check].map((queue) => queue.close()))
    },
  }
}

/** BullMQ takes no colon and no bare number for an id. */
function dialJobId(callId: string, attempt: number): string {
  return `${callId}-${attempt}`
}

/** Ours rises with urgency from 0; BullMQ's falls, and its 0 would jump every queue. */
function queuePriority(priority: number): number {
  const bounded = Math.min(highestPriority, Math.max(lowestPriority, Math.floor(priority)))
  return highestPriority + 1 - bounded
}
