import { unsaidOf, type Spoken, type Stretch } from './unsaid.ts'

/** What was said for good, so that audio heard again says nothing twice. */
export type Said = {
  final(stretch: Stretch): void
  gap(stretch: Stretch): void
  /**
   * What of this was not said already, by the same speaker, nor named as missing word by word; null
   * when there is none.
   */
  unsaid(heard: Parameters<typeof unsaidOf>[1]): Spoken | null
  /** Whether all of this was named as missing already. */
  hasGap(stretch: Stretch): boolean
}

export function createSaid(): Said {
  const finals: Stretch[] = []
  const gaps: Stretch[] = []
  return {
    final: ({ startMs, endMs, speaker }) => finals.push({ startMs, endMs, speaker }),
    gap: ({ startMs, endMs }) => gaps.push({ startMs, endMs }),
    unsaid: (heard) => unsaidOf({ finals, gaps }, heard),
    hasGap: (heard) => gaps.some((gap) => gap.startMs <= heard.startMs && gap.endMs >= heard.endMs),
  }
}
