/** A stretch of a call's clock in which somebody spoke. */
export type Stretch = { startMs: number; endMs: number; speaker?: string | undefined }

/**
 * What was said for good, so that audio heard again says nothing twice. A second hearing may begin
 * in the middle of an utterance, and a vendor's times differ a little each time.
 */
export type Said = {
  final(stretch: Stretch): void
  gap(stretch: Stretch): void
  /** Whether most of this was said already, by the same speaker. */
  hasFinal(stretch: Stretch): boolean
  /** Whether all of this was named as missing already. */
  hasGap(stretch: Stretch): boolean
}

export function createSaid(): Said {
  const finals: Stretch[] = []
  const gaps: Stretch[] = []
  return {
    final: ({ startMs, endMs, speaker }) => finals.push({ startMs, endMs, speaker }),
    gap: ({ startMs, endMs }) => gaps.push({ startMs, endMs }),
    hasFinal: (heard) =>
      finals.some((final) => {
        if (final.speaker !== heard.speaker) return false
        const commonMs = Math.min(final.endMs, heard.endMs) - Math.max(final.startMs, heard.startMs)
        return commonMs > 0 && commonMs * 2 >= heard.endMs - heard.startMs
      }),
    hasGap: (heard) => gaps.some((gap) => gap.startMs <= heard.startMs && gap.endMs >= heard.endMs),
  }
}
