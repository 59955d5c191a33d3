import { backoffMs, type Clock, type Random } from '@callwire/runtime'
import { RecordingStoreError } from './recording-store-error.ts'

/** A person waits for the answer, so a store that is away for longer is down. */
const TRIES = 3
const wait = { baseMs: 200, maxMs: 1_000 }

/** Asks up to three times while the store cannot be reached. */
export async function persistently<T>(
  ask: () => Promise<T>,
  o: { clock: Pick<Clock, 'sleep'>; random: Random; signal?: AbortSignal },
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask()
    } catch (error) {
      const last = attempt + 1 === TRIES
      if (last || !(error instanceof RecordingStoreError) || !error.retryable) throw error
      await o.clock.sleep(backoffMs(attempt, { ...wait, random: o.random }), o.signal)
    }
  }
}
