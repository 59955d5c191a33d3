import type { MaskKind } from './kind.ts'

/**
 * Something a detector takes for personal data. Positions are in the normal form; `score`, from 0
 * to 1, only decides between kinds that claim the same characters, never whether to hide them.
 */
export type Candidate = {
  readonly kind: MaskKind
  readonly start: number
  readonly end: number
  readonly score: number
}

export type Detector = (normal: string) => Candidate[]

/** All matches of a global pattern as candidates of one kind. */
export function matches(
  normal: string,
  pattern: RegExp,
  kind: MaskKind,
  score: (match: string, start: number) => number,
): Candidate[] {
  return Array.from(normal.matchAll(pattern), ({ 0: match, index }) => ({
    kind,
    start: index,
    end: index + match.length,
    score: score(match, index),
  }))
}
