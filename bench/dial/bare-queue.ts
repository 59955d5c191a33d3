import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { startChild } from '../lib/child.ts'
import type { Stores } from './stores.ts'

const LOOK_MS = 2
const name = 'bare'

/** BullMQ and nothing else: jobs added here and taken, without work, in another process. */
export type BareQueue = AsyncDisposable & {
  /** Jobs per second, from the first that is added to the last that is done. */
  measure(o: { jobs: number; atOnce: number }): Promise<number>
}

export function startBareQueue(stores: Stores): BareQueue {
  const stack = new AsyncDisposableStack()
  stack.use(startChild('bench/dial/bare-worker.ts', [name], { REDIS_URL: stores.redisUrl }))
  const connection = new Redis(stores.redisUrl, { maxRetriesPerRequest: null })
  stack.defer(() => connection.disconnect())
  const queue = new Queue(name, { connection, prefix: `{${name}}` })
  stack.defer(() => queue.close())
  return {
    measure: async ({ jobs, atOnce }) => {
      const startedAt = performance.now()
      let left = jobs
      const lane = async () => {
        while (left > 0) {
          left -= 1
          await queue.add(name, {}, { removeOnComplete: true })
        }
      }
      await Promise.all(Array.from({ length: atOnce }, lane))
      while ((await queue.getJobCountByTypes('waiting', 'active')) > 0) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      }
      return (jobs / (performance.now() - startedAt)) * 1_000
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
