/** Exotel named no time: a quarter of its window of a minute. */
const unnamedHoldMs = 15_000
/**
 * Kept to in full as far as a Retry-After is believed at all: asking sooner than Exotel said only
 * earns another 429. A longer one is a slip there, and must not stop an account for a day.
 */
const longestHoldMs = 3_600_000

/** For how long an account that answered 429 is left alone. */
export function holdMsOf(retryAfterMs: number | null): number {
  return retryAfterMs === null ? unnamedHoldMs : Math.min(longestHoldMs, Math.max(0, retryAfterMs))
}
