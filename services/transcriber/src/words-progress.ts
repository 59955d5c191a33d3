import type { Mark, Position } from './acknowledge.ts'

/**
 * A successor hears this much again before the first word that was not final: a word's sound begins
 * before its speaker is known to speak, and damage shows only in what surrounds it.
 */
export const PRE_ROLL_MS = 2_000

/**
 * Audio that a provider was given so long ago, and of which it said nothing, holds no words to come: a
 * pause needs not be heard again, nor kept. Longer than the silence after which a provider counts as
 * deaf (10 s) with what it takes to ask it anew.
 */
export const QUIET_MS = 30_000

/** How far a call's words are final: drives the words' mark of the acknowledgement. */
export type WordsProgress = {
  /**
   * Words up to here are final and on record. `openFromMs`: where the earliest utterance under way
   * began, or null.
   */
  final(endMs: number, openFromMs: number | null): void
  /** Where the call will stand after such a final; to be committed with it. */
  positionAfter(endMs: number, openFromMs: number | null): Position
  /** Something was said that is not final. */
  open(openFromMs: number | null): void
  /** Something is being written, or known and not yet written: until it is, silence means nothing. */
  isBusy(busy: boolean): void
  /** A gap that is not yet written begins here, or null. */
  holdFrom(ms: number | null): void
  /**
   * The connection that now listens was given the call's audio up to here (0 when there is none);
   * to be told every second or so. `nowMs` is monotonic.
   */
  given(toMs: number, nowMs: number): void
}

export function createWordsProgress(
  mark: Pick<Mark, 'moveTo' | 'positionAt'>,
  fromMs: number,
): WordsProgress {
  let finalToMs = fromMs
  let quietToMs = fromMs
  let openFromMs: number | null = null
  let heldFromMs: number | null = null
  let busy = false
  let samples: { toMs: number; atMs: number }[] = []

  const doneMs = (o: { finalToMs: number; openFromMs: number | null }) => {
    const spokenMs = Math.max(o.finalToMs, quietToMs)
    const undoneMs = Math.min(spokenMs, o.openFromMs ?? spokenMs, heldFromMs ?? spokenMs)
    return undoneMs - PRE_ROLL_MS
  }
  const settle = () => {
    mark.moveTo(doneMs({ finalToMs, openFromMs }))
  }

  return {
    final(endMs, open) {
      finalToMs = Math.max(finalToMs, endMs)
      openFromMs = open
      settle()
    },
    positionAfter: (endMs, open) =>
      mark.positionAt(doneMs({ finalToMs: Math.max(finalToMs, endMs), openFromMs: open })),
    open(from) {
      openFromMs = from
    },
    isBusy(now) {
      busy = now
    },
    holdFrom(ms) {
      heldFromMs = ms
    },
    given(toMs, nowMs) {
      // Another connection hears again what the last one did not live to say.
      if (toMs < (samples.at(-1)?.toMs ?? 0)) samples = []
      samples.push({ toMs, atMs: nowMs })
      if (busy || openFromMs !== null || heldFromMs !== null) return
      const old = samples.findLast((sample) => sample.atMs <= nowMs - QUIET_MS)
      if (old === undefined) return
      samples = samples.slice(samples.indexOf(old))
      quietToMs = Math.max(quietToMs, old.toMs)
      settle()
    },
  }
}
