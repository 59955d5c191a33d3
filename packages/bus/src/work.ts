import { errorFields, type Logger } from '@callwire/runtime'
import { Worker, type Job } from 'bullmq'
import type { BusConnection } from './connection.ts'
import { readJob, type JobOf } from './job.ts'
import { names, queueIds, type QueueName } from './names.ts'

/**
 * Jobs under way get this long to end when their worker is disposed. A process with several
 * workers, told to end while Redis is away, still ends within its own grace.
 */
const closeTimeoutMs = 7_000
/** Between a fault of Redis and the next look at the queue: its restart takes about a second. */
const retryMs = 500

/**
 * Takes jobs off a queue, `concurrency` at a time, for as long as it is not disposed, through
 * losses of Redis. A handler that throws is logged; what Redis keeps of it is a constant. A job
 * is never repeated: what became of a call stands in Postgres.
 */
export function work<Queue extends QueueName>(
  conn: BusConnection,
  queue: Queue,
  handler: (job: JobOf<Queue>) => Promise<void>,
  o: { concurrency: number; log: Logger },
): AsyncDisposable {
  const open = () => {
    const connection = conn.worker(queue)
    const worker = new Worker<unknown>(queue, (job) => runJob(job, queue, handler, o.log), {
      connection,
      prefix: names.queuePrefix,
      concurrency: o.concurrency,
      runRetryDelay: retryMs,
    })
    worker.on('error', (error) => o.log.debug({ queue, ...errorFields(error) }, 'worker fault'))
    worker.on('stalled', (jobId) => o.log.warn({ queue, jobId }, 'job stalled'))
    worker.waitUntilReady().catch(() => reopen())
    return { worker, connection }
  }
  /** One that lost Redis while it began would never begin: another one takes its place. */
  const reopen = () => {
    if (disposed) return
    const { worker, connection } = current
    worker.close(true).catch(() => undefined)
    connection.disconnect()
    later = setTimeout(() => {
      o.log.info({ queue }, 'worker begins anew')
      current = open()
    }, retryMs)
  }
  let disposed = false
  let later: NodeJS.Timeout | undefined
  let current = open()
  return {
    [Symbol.asyncDispose]: async () => {
      disposed = true
      clearTimeout(later)
      await close(current)
    },
  }
}

async function close(o: { worker: Worker<unknown>; connection: { disconnect(): void } }) {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), closeTimeoutMs)
  // Closing waits for Redis too, which may be the thing that is gone.
  await Promise.race([o.worker.close().catch(() => undefined), promise])
  clearTimeout(timer)
  await Promise.race([o.worker.close(true).catch(() => undefined), promise])
  o.connection.disconnect()
}

async function runJob<Queue extends QueueName>(
  job: Job<unknown>,
  queue: Queue,
  handler: (job: JobOf<Queue>) => Promise<void>,
  log: Logger,
): Promise<void> {
  const ids = readJob(queue, job.data)
  if (ids === null) {
    log.error({ queue, jobId: job.id }, 'job without ids')
    return
  }
  try {
    await handler(ids)
  } catch (error) {
    const name = queueIds[queue]
    log.error({ queue, [name]: ids[name], ...errorFields(error) }, 'job failed')
    throw constantFailure()
  }
}

/** BullMQ stores message and stack of what a job throws; a fault's own may hold anything. */
function constantFailure(): Error {
  const error = new Error('job failed')
  error.stack = 'Error: job failed'
  return error
}
