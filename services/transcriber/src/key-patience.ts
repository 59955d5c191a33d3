import type { Clock } from '@callwire/runtime'

/** Since when the keys of which calls do not open here. */
export type KeyPatience = {
  /** A call's key did not open. True when that has been so, at every try, for as long as we wait. */
  isOver(callId: string): boolean
  /** It did, or the call is no concern of ours any more. */
  forget(callId: string): void
}

/** A call without a try for so long was another's meanwhile, who could open it: the wait begins anew. */
const BREAK_MS = 60_000

/** Remembers what this process could not open, for `waitMs` from the first try on. */
export function createKeyPatience(clock: Pick<Clock, 'monotonicMs'>, waitMs: number): KeyPatience {
  const tries = new Map<string, { firstMs: number; lastMs: number }>()
  return {
    isOver(callId) {
      const nowMs = clock.monotonicMs()
      for (const [other, { lastMs }] of tries) {
        if (nowMs - lastMs > BREAK_MS) tries.delete(other)
      }
      const firstMs = tries.get(callId)?.firstMs ?? nowMs
      tries.set(callId, { firstMs, lastMs: nowMs })
      return nowMs - firstMs >= waitMs
    },
    forget: (callId) => {
      tries.delete(callId)
    },
  }
}
