import type { AudioEntry } from '@callwire/bus'

/** Milliseconds on the call's clock for which there is no sound, and why. */
export type Hole = { fromMs: number; toMs: number; reason: HoleReason }

/**
 * `audio_missing`: the media service never had it, and says so itself. `audio_lost`: it was on the
 * way here and is gone. `audio_damaged`: what came in its place does not open.
 */
export type HoleReason = 'audio_missing' | 'audio_lost' | 'audio_damaged'

/** What an entry is to somebody who hears the call in one piece. */
export type Step =
  /** Nothing new: it was heard, or named as missing, before. */
  | { kind: 'known' }
  /** Cannot be opened: what it held shows as a hole when the call goes on behind it. */
  | { kind: 'unopened' }
  /** Sound that begins where the last one ended; `skipMs` of it were heard already. */
  | { kind: 'sound'; startMs: number; endMs: number; skipMs: number }
  /** A stretch of the call that has no sound. */
  | { kind: 'hole'; hole: Hole }
  | { kind: 'end' }

/** A block whose seal was opened, or that it does not open. */
export type Opened = { durationMs: number } | null

/**
 * Lays the entries of a call's audio stream along the call's clock, without overlap and without a
 * silent hole: media sockets take one clock on from one another, and say where they heard nothing,
 * so what is not accounted for was lost on the way here. Only what opens is believed about its place.
 */
export type AudioTimeline = {
  /** True when nothing of this entry can be new: it need not be opened. */
  isKnown(entry: AudioEntry): boolean
  /**
   * The hole that lies before an entry, if there is one; to be asked, and told, before
   * {@link AudioTimeline.take} of the same entry.
   */
  holeBefore(entry: AudioEntry, opened: Opened): Hole | null
  take(entry: AudioEntry, opened: Opened): Step
  /** What is missing up to `ms`, where the rows of the call's sockets say that its audio ended. */
  holeUntil(ms: number): Hole | null
  /** A hole was told: the clock goes on behind it. */
  pass(hole: Hole): void
  /** Up to here the call is accounted for. */
  reachedMs(): number
}

/** Clocks of blocks are floored to whole ms: less than this is no hole. */
const ROUNDING_MS = 2

export function createAudioTimeline(fromMs: number): AudioTimeline {
  let reachedMs = fromMs
  /** Something that does not open came since the clock last moved. */
  let sawDamage = false
  const lastIndex = new Map<string, number>()

  const moveTo = (ms: number) => {
    if (ms > reachedMs) sawDamage = false
    reachedMs = Math.max(reachedMs, ms)
  }
  const holeUntil = (ms: number): Hole | null =>
    ms - reachedMs < ROUNDING_MS
      ? null
      : { fromMs: reachedMs, toMs: ms, reason: sawDamage ? 'audio_damaged' : 'audio_lost' }

  const isKnown = (entry: AudioEntry) => {
    if (entry.kind === 'audio') return entry.index <= (lastIndex.get(entry.streamId) ?? -1)
    return entry.kind === 'gap' && entry.toMs <= reachedMs
  }

  return {
    isKnown,
    holeBefore(entry, opened) {
      if (isKnown(entry)) return null
      if (entry.kind === 'end') return holeUntil(entry.atMs)
      if (entry.kind === 'gap') return holeUntil(entry.fromMs)
      return opened === null ? null : holeUntil(entry.startMs)
    },
    take(entry, opened) {
      if (isKnown(entry)) return { kind: 'known' }
      if (entry.kind === 'end') return { kind: 'end' }
      if (entry.kind === 'gap') {
        const hole = { fromMs: reachedMs, toMs: entry.toMs, reason: 'audio_missing' } as const
        moveTo(entry.toMs)
        return { kind: 'hole', hole }
      }
      if (opened === null) {
        sawDamage = true
        return { kind: 'unopened' }
      }
      lastIndex.set(entry.streamId, entry.index)
      const endMs = entry.startMs + opened.durationMs
      const skipMs = Math.max(0, reachedMs - entry.startMs)
      if (endMs - reachedMs <= 0) return { kind: 'known' }
      moveTo(endMs)
      // Rounding alone must not cut samples off.
      if (skipMs < ROUNDING_MS) return { kind: 'sound', startMs: entry.startMs, endMs, skipMs: 0 }
      return { kind: 'sound', startMs: entry.startMs + skipMs, endMs, skipMs }
    },
    holeUntil,
    pass: (hole) => moveTo(hole.toMs),
    reachedMs: () => reachedMs,
  }
}
