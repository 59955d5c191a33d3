import {
  AppError,
  backoffMs,
  errorFields,
  type Clock,
  type Logger,
  type Random,
} from '@callwire/runtime'

const retry = { baseMs: 100, maxMs: 2_000 }
/** Postgres restarts in seconds; after this the sweeper has taken the socket for lost anyway. */
const GIVE_UP_MS = 60_000
/** A person presses a few keys; more facts than this at once is somebody's joke. */
const MAX_WAITING = 64

export type FactQueue = {
  /** Runs `write` after those before it. False when too many wait already. */
  add(name: string, write: () => Promise<void>): boolean
  /** Resolves when everything added so far is written or given up. */
  settled(): Promise<void>
}

/**
 * One stream's writes to the ledger: one after another, off the path of the audio, again while
 * the database is away.
 */
export function createFactQueue(o: { clock: Clock; random: Random; log: Logger }): FactQueue {
  let tail: Promise<void> = Promise.resolve()
  let waiting = 0

  const attempt = async (name: string, write: () => Promise<void>) => {
    const untilMs = o.clock.monotonicMs() + GIVE_UP_MS
    for (let failures = 1; ; failures += 1) {
      try {
        await write()
        return
      } catch (error) {
        const again =
          error instanceof AppError && error.retryable && o.clock.monotonicMs() < untilMs
        const fields = { fact: name, ...errorFields(error) }
        if (!again) {
          o.log.error(fields, 'fact not written')
          return
        }
        if (failures === 1) o.log.warn(fields, 'fact waits for the database')
        await o.clock.sleep(backoffMs(failures, { ...retry, random: o.random }))
      }
    }
  }

  return {
    add(name, write) {
      if (waiting >= MAX_WAITING) return false
      waiting += 1
      tail = tail
        .then(() => attempt(name, write))
        .finally(() => {
          waiting -= 1
        })
      return true
    },
    settled: () => tail,
  }
}
