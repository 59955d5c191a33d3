import type { Redis } from 'ioredis'
import { BusError } from './bus-error.ts'

export type BlockingPool = {
  /**
   * Runs one blocking command on a connection of its own. Gives null when `signal` aborts.
   *
   * @throws BusError `unavailable` when the answer is overdue
   */
  use<T>(
    command: (redis: Redis) => Promise<T>,
    o: { blockMs: number; signal?: AbortSignal | undefined },
  ): Promise<T | null>
  close(): void
}

/** How much later than promised an answer may come before the connection counts as dead. */
const graceMs = 2_000

/** Connections for blocking commands, kept for the next one; one that was given up is closed. */
export function createBlockingPool(open: () => Redis): BlockingPool {
  const idle: Redis[] = []
  const busy = new Set<Redis>()
  let closed = false
  const isOpen = () => !closed

  return {
    use: async (command, { blockMs, signal }) => {
      if (!isOpen() || signal?.aborted === true) return null
      const redis = idle.pop() ?? open()
      busy.add(redis)
      const given = Promise.withResolvers<null>()
      const onAbort = () => given.resolve(null)
      const timer = setTimeout(() => {
        given.reject(new BusError('unavailable', 'Redis does not answer.'))
      }, blockMs + graceMs)
      signal?.addEventListener('abort', onAbort, { once: true })
      const call = { answered: false }
      const answer = command(redis).then((value) => {
        call.answered = true
        return value
      })
      try {
        return await Promise.race([answer, given.promise])
      } finally {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        busy.delete(redis)
        // A command still blocking would answer into the next user's hands.
        if (call.answered && isOpen()) idle.push(redis)
        else redis.disconnect()
      }
    },
    close: () => {
      closed = true
      for (const redis of [...idle, ...busy]) redis.disconnect()
      idle.length = 0
    },
  }
}
