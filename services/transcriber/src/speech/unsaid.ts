import type { TimedWord } from './provider.ts'

/** A stretch of a call's clock in which somebody spoke. */
export type Stretch = { startMs: number; endMs: number; speaker?: string | undefined }

export type Spoken = { text: string; startMs: number; endMs: number }

/**
 * Without word times, what ends so long after everything said is taken to hold a new word: a short one
 * takes about as long, and a vendor's times differ by less from one hearing to the next.
 */
export const NEW_TAIL_MS = 250

/**
 * Pure: what of this was not said yet, or null. A second hearing may cut the same words into other
 * segments. With word times, exactly the words whose middle lies in no final of the same speaker (a
 * vendor's times may differ by half a word) and that lie in no gap. Without them it is all or nothing, and rather
 * a few words twice than one in silence.
 *
 * @param told - what was said for good, and what was named as missing, on the same clock
 */
export function unsaidOf(
  told: { finals: readonly Stretch[]; gaps: readonly Stretch[] },
  heard: Stretch & { text: string; words?: readonly TimedWord[] | undefined },
): Spoken | null {
  const { text, startMs, endMs, words = [] } = heard
  const isTouched = (other: Stretch) => other.startMs < endMs && other.endMs > startMs
  const finals = told.finals.filter((final) => final.speaker === heard.speaker && isTouched(final))
  if (words.length === 0) return hasNew(finals, heard) ? { text, startMs, endMs } : null
  const gaps = told.gaps.filter(isTouched)
  const fresh = words.filter((word) => !isSaid(finals, word) && !isMissing(gaps, word))
  if (fresh.length === words.length) return { text, startMs, endMs }
  return fresh.length === 0 ? null : joined(fresh)
}

function isSaid(finals: readonly Stretch[], word: TimedWord): boolean {
  const middleMs = (word.startMs + word.endMs) / 2
  return finals.some(({ startMs, endMs }) => startMs <= middleMs && middleMs <= endMs)
}

function isMissing(gaps: readonly Stretch[], word: TimedWord): boolean {
  return gaps.some((gap) => gap.startMs <= word.startMs && word.endMs <= gap.endMs)
}

/** Words in a row as one utterance. There is at least one. */
export function joined(words: readonly TimedWord[]): Spoken {
  return {
    text: words.map((word) => word.text).join(' '),
    startMs: Math.min(...words.map((word) => word.startMs)),
    endMs: Math.max(...words.map((word) => word.endMs)),
  }
}

function hasNew(finals: readonly Stretch[], heard: Stretch): boolean {
  const saidToMs = Math.max(heard.startMs, ...finals.map(({ endMs }) => endMs))
  if (heard.endMs - saidToMs >= NEW_TAIL_MS) return true
  const commonMs = (final: Stretch) =>
    Math.min(final.endMs, heard.endMs) - Math.max(final.startMs, heard.startMs)
  return finals.every((final) => commonMs(final) * 2 < heard.endMs - heard.startMs)
}
