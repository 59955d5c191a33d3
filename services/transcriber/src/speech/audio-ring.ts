import { createByteRing } from '@callwire/runtime'

/** Audio whose words are not final yet, kept so that another connection can hear it again. */
export type Chunk = {
  callMs: number
  durationMs: number
  /** When its last byte came in, epoch ms. */
  arrivedAtMs?: number
  /** The call has no sound right before it. */
  afterHole?: true
}

export type AudioRing = {
  /** Keeps a chunk of s16le PCM; what is older than the limit goes. */
  push(chunk: Chunk, pcm: Buffer): void
  /** The chunk with this running number, if it is still kept. */
  at(number: number): Chunk | undefined
  /**
   * The sound of a chunk that is kept, for whoever hears it now. The first time it is the very
   * memory that was pushed; what is kept for another time is a copy.
   */
  soundOf(number: number): Buffer
  readonly first: number
  readonly next: number
  /** Lets go of what ended at or before this moment of the call. */
  trim(callMs: number): void
}

/** Longest stretch without a final that can still be replayed. */
export const RING_MS = 60_000

/** A chunk was heard by nobody yet, or its sound lies in the ring. */
type Kept = Chunk & { pcm: Buffer | null; place: number; bytes: number }

const NO_SOUND = Buffer.alloc(0)

export function createAudioRing(limitMs = RING_MS): AudioRing {
  const chunks: Kept[] = []
  const heard = createByteRing()
  let first = 0
  let keptMs = 0

  const shift = () => {
    const chunk = chunks.shift()
    if (chunk === undefined) return
    first += 1
    keptMs -= chunk.durationMs
    if (chunk.pcm === null) heard.forgetTo(chunk.place + chunk.bytes)
  }

  return {
    get first() {
      return first
    },
    get next() {
      return first + chunks.length
    },
    at: (number) => chunks[number - first],
    soundOf(number) {
      const chunk = chunks[number - first]
      if (chunk === undefined) return NO_SOUND
      const { pcm } = chunk
      if (pcm === null) {
        const again = Buffer.allocUnsafe(chunk.bytes)
        heard.read(chunk.place, again)
        return again
      }
      chunk.place = heard.add(pcm)
      chunk.pcm = null
      return pcm
    },
    push(chunk, pcm) {
      chunks.push({ ...chunk, pcm, place: 0, bytes: pcm.length })
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
