/** A Prometheus histogram: how many values lay at or under each bound, the last bound without end. */
export type Buckets = readonly { readonly upTo: number; readonly count: number }[]

/** Reads one histogram of a `/metrics` answer, all its labels together; null when it is not there. */
export function bucketsOf(text: string, name: string): Buckets | null {
  const counts = new Map<number, number>()
  for (const line of text.split('\n')) {
    if (!line.startsWith(`${name}_bucket{`)) continue
    const bound = /le="([^"]+)"/.exec(line)?.[1] ?? ''
    const upTo = bound === '+Inf' ? Infinity : Number(bound)
    counts.set(upTo, (counts.get(upTo) ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1)))
  }
  if (counts.size === 0) return null
  return [...counts].map(([upTo, count]) => ({ upTo, count })).toSorted((a, b) => a.upTo - b.upTo)
}

/**
 * The quantiles of what was counted between two looks. A value is taken to lie evenly within its
 * bucket, as Prometheus takes it; beyond the last bound there is no number but infinity.
 */
export function quantileSince(before: Buckets, after: Buckets): (part: number) => number {
  const news = after.map(({ upTo, count }, at) => ({
    upTo,
    count: count - (before[at]?.count ?? 0),
  }))
  const all = news.at(-1)?.count ?? 0
  return (part) => {
    const wanted = all * part
    const at = news.findIndex(({ count }) => count >= wanted)
    const bucket = news[at]
    if (all === 0 || bucket === undefined) return NaN
    const below = news[at - 1] ?? { upTo: 0, count: 0 }
    if (bucket.upTo === Infinity) return Infinity
    const within = (wanted - below.count) / Math.max(1, bucket.count - below.count)
    return below.upTo + (bucket.upTo - below.upTo) * within
  }
}
