import type { Range } from './outbox.ts'

/** Joins ranges that touch or overlap; sorted, empty ones dropped. */
export function unionOf(ranges: readonly Range[]): Range[] {
  const joined: Range[] = []
  for (const range of ranges.toSorted((a, b) => a.fromMs - b.fromMs)) {
    if (range.toMs <= range.fromMs) continue
    const last = joined.at(-1)
    if (last !== undefined && range.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, range.toMs)
    else joined.push({ ...range })
  }
  return joined
}
