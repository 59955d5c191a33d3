import type { Candidate } from './candidate.ts'

/**
 * One span for each cluster of candidates that overlap: it covers all of them, so that no end of
 * a number stays visible because another claim won, and has the kind of the longest, or of the
 * surest among equally long ones. In order of place.
 */
export function resolve(candidates: readonly Candidate[]): Candidate[] {
  const resolved: { span: Candidate; best: Candidate }[] = []
  for (const candidate of candidates.toSorted((a, b) => a.start - b.start)) {
    const last = resolved.at(-1)
    if (last === undefined || candidate.start >= last.span.end) {
      resolved.push({ span: candidate, best: candidate })
      continue
    }
    if (isBetter(candidate, last.best)) last.best = candidate
    const end = Math.max(last.span.end, candidate.end)
    last.span = { ...last.span, kind: last.best.kind, end }
  }
  return resolved.map(({ span }) => span)
}

function isBetter(a: Candidate, b: Candidate): boolean {
  const difference = a.end - a.start - (b.end - b.start)
  return difference > 0 || (difference === 0 && a.score > b.score)
}
