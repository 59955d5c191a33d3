/** What the last batch was like for whoever else uses this process and its database. */
export type BatchFeel = {
  /** How late timers of this process were at worst (99 of 100), since the batch before. */
  readonly loopDelayMs: number
  /** How long a short query took on average. */
  readonly queryMs: number
  readonly batchMs: number
}

/** A dial is a matter of seconds; nobody notices less than this. */
const CALM_LOOP_MS = 50
const CALM_QUERY_MS = 25
/** From here on somebody waits for us, or for what we wait for. */
const STRAINED_LOOP_MS = 250
const STRAINED_QUERY_MS = 200
/** Others get at least a fifth of the time, however calm it is. */
const CALM_SHARE = 0.25
/** With somebody about: three quarters of the time. */
const BUSY_SHARE = 3
/** No longer than this at once, so that progress is seen and the job keeps its beat. */
export const LONGEST_PAUSE_MS = 1_000

/** How long to rest before the next batch, in ms. */
export function decidePause({ loopDelayMs, queryMs, batchMs }: BatchFeel): number {
  if (loopDelayMs >= STRAINED_LOOP_MS || queryMs >= STRAINED_QUERY_MS) return LONGEST_PAUSE_MS
  const calm = loopDelayMs < CALM_LOOP_MS && queryMs < CALM_QUERY_MS
  const pause = batchMs * (calm ? CALM_SHARE : BUSY_SHARE)
  return Math.round(Math.min(pause, LONGEST_PAUSE_MS))
}
