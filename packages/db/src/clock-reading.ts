/**
 * What one look at another clock tells, in ms: ours, which never jumps, before and after it, and
 * what the other said in between.
 */
export type ClockReading = { askedMs: number; theirsMs: number; answeredMs: number }

/** An answer that took longer says too little: nobody knows how much of it was the way back. */
export const LONGEST_READING_MS = 500

/**
 * By how much the other clock is ahead of ours, given what was believed before; null as long as
 * nothing is. The other clock was read somewhere between the question and its answer: the first
 * reading is taken for its middle, and a later one moves the belief no further than it has to. So a
 * slow answer never spoils what a quick one told, and a clock that was set is followed at once.
 */
export function offsetAfter(before: number | null, reading: ClockReading): number | null {
  const { askedMs, theirsMs, answeredMs } = reading
  if (answeredMs - askedMs > LONGEST_READING_MS) return before
  const least = theirsMs - answeredMs
  const most = theirsMs - askedMs
  if (before === null) return (least + most) / 2
  return Math.min(most, Math.max(least, before))
}
