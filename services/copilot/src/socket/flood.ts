/** Counts messages in one-second windows; true when there are too many. Takes the time in ms. */
export function createFloodMeter(limit: number): (nowMs: number) => boolean {
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
