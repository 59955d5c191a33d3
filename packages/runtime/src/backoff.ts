import { randomFraction, type Random } from './random.ts'

/**
 * How long to wait before try number `attempt` (from 0): uniformly between nothing and
 * `baseMs · 2^attempt`, capped at `maxMs` ("full jitter", AWS Architecture Blog).
 */
export function backoffMs(
  attempt: number,
  o: { baseMs: number; maxMs: number; random: Random },
): number {
  // 2^30 times any base is past every cap; beyond that the power would overflow.
  const ceiling = Math.min(o.maxMs, o.baseMs * 2 ** Math.min(Math.max(attempt, 0), 30))
  return Math.floor(randomFraction(o.random) * (ceiling + 1))
}
