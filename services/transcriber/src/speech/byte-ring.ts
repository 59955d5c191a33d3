/** A second of telephone audio. */
const CHUNK_BYTES = 16 * 1024
/** Memory that waits to be written again: what is said between two finals seldom takes longer. */
const MOST_SPARE = 8

/** Bytes in the order they came, copied in and out, in memory that is written again. */
export type ByteRing = {
  /** Gives the place of what was added. */
  add(bytes: Buffer): number
  /** A copy of `length` bytes from a place that was not forgotten. */
  copy(place: number, length: number): Buffer
  /** Forgets what lies before a place. */
  forgetTo(place: number): void
}

/**
 * What is kept for seconds, and nearly always for nothing, makes no garbage here: as a buffer for
 * each block it would outlive the young generation, and the heap be marked anew every few seconds.
 */
export function createByteRing(chunkBytes: number = CHUNK_BYTES): ByteRing {
  // Places are bytes since the beginning; the first chunk is the one of number `base`.
  const chunks: Buffer[] = []
  let spare: Buffer[] = []
  let base = 0
  let end = 0

  const chunkOf = (place: number): Buffer => {
    const index = Math.floor(place / chunkBytes) - base
    return (chunks[index] ??= spare.pop() ?? Buffer.allocUnsafeSlow(chunkBytes))
  }
  return {
    add(bytes) {
      const place = end
      for (let done = 0; done < bytes.length; done = end - place) {
        end += bytes.copy(chunkOf(end), end % chunkBytes, done)
      }
      return place
    },
    copy(place, length) {
      const bytes = Buffer.allocUnsafe(length)
      for (let done = 0; done < length;) {
        const at = place + done
        done += chunkOf(at).copy(bytes, done, at % chunkBytes)
      }
      return bytes
    },
    forgetTo(place) {
      for (; base < Math.floor(place / chunkBytes); base += 1) {
        const free = chunks.shift()
        if (free !== undefined) spare.push(free)
      }
      spare = spare.slice(0, MOST_SPARE)
    },
  }
}
