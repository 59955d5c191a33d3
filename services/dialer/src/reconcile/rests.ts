import type { Clock } from '@callwire/runtime'

/** Calls that are not to be asked about for a while, because their account has no request to spare. */
export type Rests = {
  rests(callId: string): boolean
  /** Leaves the call alone for `ms`. */
  rest(callId: string, ms: number): void
}

/**
 * Remembered by this process alone: without it every round would read all that it cannot ask about.
 */
export function createRests(clock: Pick<Clock, 'monotonicMs'>): Rests {
  const until = new Map<string, number>()
  return {
    rests: (callId) => {
      const end = until.get(callId)
      if (end === undefined) return false
      if (end > clock.monotonicMs()) return true
      until.delete(callId)
      return false
    },
    rest: (callId, ms) => {
      const now = clock.monotonicMs()
      // What ended otherwise is never asked for again: it goes when its time is over.
      if (until.size >= mostRests) {
        for (const [id, end] of until) if (end <= now) until.delete(id)
      }
      if (until.size < mostRests) until.set(callId, now + ms)
    },
  }
}

/** More than two rounds find; what is beyond is read once more than needed. */
const mostRests = 4_000
