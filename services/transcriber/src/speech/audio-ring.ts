/** Audio whose words are not final yet, kept so that another connection can hear it again. */
export type Chunk = { callMs: number; durationMs: number; pcm: Buffer }

export type AudioRing = {
  push(chunk: Chunk): { droppedFromMs: number; droppedToMs: number } | null
  /** The chunk with this running number, if it is still kept. */
  at(number: number): Chunk | undefined
  readonly first: number
  readonly next: number
  /** Lets go of what ended at or before this moment of the call. */
  trim(callMs: number): void
}

/** Longest stretch without a final that can still be replayed. */
export const RING_MS = 60_000

export function createAudioRing(limitMs = RING_MS): AudioRing {
  const chunks: Chunk[] = []
  let first = 0
  let keptMs = 0

  const shift = (): Chunk | undefined => {
    const chunk = chunks.shift()
    if (chunk !== undefined) {
      first += 1
      keptMs -= chunk.durationMs
    }
    return chunk
  }

  return {
    get first() {
      return first
    },
    get next() {
      return first + chunks.length
    },
    at: (number) => chunks[number - first],
    push(chunk) {
      chunks.push(chunk)
      keptMs += chunk.durationMs
      let fromMs: number | null = null
      let toMs = 0
      while (keptMs > limitMs) {
        const oldest = shift()
        if (oldest === undefined) break
        fromMs ??= oldest.callMs
        toMs = oldest.callMs + oldest.durationMs
      }
      return fromMs === null ? null : { droppedFromMs: fromMs, droppedToMs: toMs }
    },
    trim(callMs) {
      for (;;) {
        const oldest = chunks[0]
        if (oldest === undefined || oldest.callMs + oldest.durationMs > callMs) return
        shift()
      }
    },
  }
}
