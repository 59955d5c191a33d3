/** Messages one consumer may send in a second. */
export const MAX_MESSAGES_PER_SECOND = 1_000

/** Counts messages in one-second windows; true when there are too many. Takes the time in ms. */
export function createFloodMeter(limit = MAX_MESSAGES_PER_SECOND): (nowMs: number) => boolean {
  let windowStart = 0
  let count = 0
  return (nowMs) => {
    if (nowMs - windowStart >= 1_000) {
      windowStart = nowMs
      count = 0
    }
    count += 1
    return count > limit
  }
}
