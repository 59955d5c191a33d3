/** Ids of Redis Stream entries: `<ms>-<number>`, compared part by part. */

/** Before every entry. */
export const FIRST_ID = '0-0'

/** Whether `a` comes before `b`. */
export function isBefore(a: string, b: string): boolean {
  const [aMs, aSeq] = partsOf(a)
  const [bMs, bSeq] = partsOf(b)
  return aMs < bMs || (aMs === bMs && aSeq < bSeq)
}

/** The smallest id that is greater. */
export function idAfter(id: string): string {
  const [ms, seq] = partsOf(id)
  return `${String(ms)}-${String(seq + 1n)}`
}

function partsOf(id: string): [ms: bigint, seq: bigint] {
  const [ms = '0', seq = '0'] = id.split('-')
  return [BigInt(ms), BigInt(seq)]
}
