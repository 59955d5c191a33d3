/** How far each call of a board has been told, in bounded memory. */
export type KnownHeads = {
  /** The last seq told of, 0 when the call is not remembered. */
  seqOf(callId: string): number
  /** @param atMs - when the event of that seq was appended, epoch ms */
  remember(callId: string, seq: number, atMs: number): void
  /**
   * Whether an event of a call that is not remembered is old news: from before the board was
   * looked at first, or from a call that was forgotten to make room.
   */
  isOld(atMs: number): boolean
}

/** Calls remembered per board, least recently changed forgotten first. */
const MAX_KNOWN = 20_000

/**
 * @param oldBeforeMs - events appended before this (epoch ms) are older than the board's first look
 */
export function createKnownHeads(oldBeforeMs: number, limit = MAX_KNOWN): KnownHeads {
  const known = new Map<string, { seq: number; atMs: number }>()
  let horizonMs = oldBeforeMs
  return {
    seqOf: (callId) => known.get(callId)?.seq ?? 0,
    remember(callId, seq, atMs) {
      known.delete(callId)
      known.set(callId, { seq, atMs })
      if (known.size <= limit) return
      for (const [oldest, last] of known) {
        known.delete(oldest)
        horizonMs = Math.max(horizonMs, last.atMs + 1)
        return
      }
    },
    isOld: (atMs) => atMs < horizonMs,
  }
}
