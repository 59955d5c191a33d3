import type { Candidate } from '../candidate.ts'
import type { MaskKind } from '../kind.ts'

/** A subscriber number has at least seven digits in India; amounts this long are rarely written so. */
const LONG_RUN = /\d{7,}/g

/**
 * Seven digits or more in one run, whatever they are: no number that could reach or identify
 * somebody gets through because it has an unforeseen form. The kind follows the length.
 */
export function detectLongRuns(normal: string): Candidate[] {
  return Array.from(normal.matchAll(LONG_RUN), ({ 0: match, index }) => ({
    kind: kindOf(match.length),
    start: index,
    end: index + match.length,
    score: 0.1,
  }))
}

function kindOf(length: number): MaskKind {
  if (length <= 11) return 'phone'
  if (length === 12) return 'aadhaar'
  return length <= 19 ? 'card' : 'account'
}
