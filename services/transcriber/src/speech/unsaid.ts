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
 * segments. With word times, exactly the words whose middle lies in no final of the same speaker: a
 * vendor's times may differ by half a word. Without them it is all or nothing, and rather a few words
 * twice than one in silence.
 *
 * @param finals - what was said for good, on the same clock
 */
export function unsaidOf(
  finals: readonly Stretch[],
  heard: Stretch & { text: string; words?: readonly TimedWord[] | undefined },
): Spoken | null {
  const { text, startMs, endMs, words = [] } = heard
  const touched = finals.filter(
    (final) => final.speaker === heard.speaker && final.startMs < endMs && final.endMs > startMs,
  )
  if (touched.length === 0) return { text, startMs, endMs }
  return words.length === 0
    ? hasNewTail(touched, heard)
      ? { text, startMs, endMs }
      : null
    : newWords(touched, heard, words)
}

function newWords(
  finals: readonly Stretch[],
  { text, startMs, endMs }: Spoken,
  words: readonly TimedWord[],
): Spoken | null {
  const isSaid = (word: TimedWord) => {
    const middleMs = (word.startMs + word.endMs) / 2
    return finals.some((final) => final.startMs <= middleMs && middleMs <= final.endMs)
  }
  const fresh = words.filter((word) => !isSaid(word))
  if (fresh.length === words.length) return { text, startMs, endMs }
  return fresh.length === 0 ? null : joined(fresh)
}

/** Words in a row as one utterance. There is at least one. */
export function joined(words: readonly TimedWord[]): Spoken {
  return {
    text: words.map((word) => word.text).join(' '),
    startMs: Math.min(...words.map((word) => word.startMs)),
    endMs: Math.max(...words.map((word) => word.endMs)),
  }
}

function hasNewTail(finals: readonly Stretch[], heard: Stretch): boolean {
  if (heard.endMs - Math.max(...finals.map(({ endMs }) => endMs)) >= NEW_TAIL_MS) return true
  const commonMs = (final: Stretch) =>
    Math.min(final.endMs, heard.endMs) - Math.max(final.startMs, heard.startMs)
  return finals.every((final) => commonMs(final) * 2 < heard.endMs - heard.startMs)
}
