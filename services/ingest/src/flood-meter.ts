/** Exotel sends 50 messages a second; ten times that for this long is no media stream. */
const messagesPerSecond = 500
const secondsInARow = 5
/** A message counts once more for each of these: the densest audio gives 32 a second. */
const bytesPerCount = 4 * 1024

/**
 * Counts one socket's messages, large ones as several, by whole seconds. `count` gives true once
 * more than 500 came in each of 5 seconds in a row. Pure but for its own counters; `nowMs` is monotonic.
 */
export function createFloodMeter(): { count(nowMs: number, bytes: number): boolean } {
  let second = -1
  let inSecond = 0
  let full = 0
  return {
    count(nowMs, bytes) {
      const now = Math.floor(nowMs / 1000)
      if (now !== second) {
        full = now === second + 1 && inSecond > messagesPerSecond ? full + 1 : 0
        second = now
        inSecond = 0
      }
      inSecond += 1 + Math.floor(bytes / bytesPerCount)
      return full >= secondsInARow - 1 && inSecond > messagesPerSecond
    },
  }
}
