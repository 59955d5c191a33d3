import type { Lost } from './speech-event.ts'

/** Stretches of a call without sound, until they are told. Times are the call's. */
export type Holes = {
  add(hole: { startMs: number; endMs: number; reason: string }): void
  /**
   * What a provider says is lost: null when a hole that is still to be told has taken it in, and
   * covers its whole words now.
   */
  absorb(lost: Lost): Lost | null
  /** Holes to be told now that somebody has spoken up to `spokenToMs`, and audio went on to `heardToMs`. */
  due(spokenToMs: number, heardToMs: number): Lost[]
  /** All that were not told. */
  rest(): Lost[]
}

/**
 * A provider that tells which words a hole took does so when it hears the next ones; without any, the
 * hole is told for itself after so much more audio.
 */
export const HOLE_WAIT_MS = 10_000

export function createHoles(): Holes {
  let holes: Lost[] = []
  const take = (isTaken: (hole: Lost) => boolean) => {
    const taken = holes.filter(isTaken)
    holes = holes.filter((hole) => !isTaken(hole))
    return taken
  }
  return {
    add(hole) {
      holes.push({ type: 'lost', ...hole })
    },
    absorb(lost) {
      const touched = holes.find((hole) => lost.startMs <= hole.endMs && lost.endMs >= hole.startMs)
      if (touched === undefined) return lost
      touched.startMs = Math.min(touched.startMs, lost.startMs)
      touched.endMs = Math.max(touched.endMs, lost.endMs)
      return null
    },
    due: (spokenToMs, heardToMs) =>
      take((hole) => hole.endMs < spokenToMs || hole.endMs + HOLE_WAIT_MS <= heardToMs),
    rest: () => take(() => true),
  }
}
