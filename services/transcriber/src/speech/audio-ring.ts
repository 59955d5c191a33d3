/** Audio whose words are not final yet, kept so that another connection can hear it again. */
export type Chunk = {
  callMs: number
  durationMs: number
  pcm: Buffer
  /** When its last byte came in, epoch ms. */
  arrivedAtMs?: number
  /** The call has no sound right before it. */
  afterHole?: true
}

export type AudioRing = {
  /** Keeps a chunk; what is older than the limit goes. */
  push(chunk: Chunk): void
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

  const shift = () => {
    const chunk = chunks.shift()
    if (chunk === undefined) return
    first += 1
    keptMs -= chunk.durationMs
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
      while (keptMs > limitMs) shift()
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
