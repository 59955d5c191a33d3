const WINDOW_MS = 60_000

/** Counts requests in a sliding minute per account. `take` says whether one more is within the limit. */
export function createRateLimit(now: () => number): {
  take(sid: string, perMinute: number): boolean
} {
  const taken = new Map<string, number[]>()
  return {
    take(sid, perMinute) {
      const oldest = now() - WINDOW_MS
      const recent = (taken.get(sid) ?? []).filter((at) => at > oldest)
      const ok = recent.length < perMinute
      if (ok) recent.push(now())
      taken.set(sid, recent)
      return ok
    },
  }
}
