/** A second of telephone audio: what keeps little takes little. */
const CHUNK_BYTES = 16 * 1024
/** Memory that waits to be written again, in chunks. */
const MOST_SPARE = 8

/**
 * Bytes in the order they came, copied in and out. A place is a number of bytes since the beginning,
 * and is good until it is forgotten or cut.
 */
export type ByteRing = {
  /** Gives the place of what was added. */
  add(bytes: Uint8Array): number
  /** Fills `into` with the bytes from a place on. */
  read(place: number, into: Uint8Array): void
  /** Forgets what lies before a place. */
  forgetTo(place: number): void
  /** Forgets what lies from a place on: the next bytes are added there. */
  cutTo(place: number): void
  /** Lets go of everything, its memory included. */
  clear(): void
}

/**
 * Memory that is written again once what lay in it is forgotten. Audio is kept for seconds, and
 * nearly always for nothing: as a buffer for each block it would outlive the young generation, and
 * the heap be marked anew every few seconds.
 *
 * @param o - `allocate`: gives memory that nothing else lies in
 */
export function createByteRing(
  o: { chunkBytes?: number; allocate?: (bytes: number) => Buffer } = {},
): ByteRing {
  const { chunkBytes = CHUNK_BYTES, allocate = ownMemory } = o
  // The first chunk is the one of number `base`.
  let chunks: Buffer[] = []
  let spare: Buffer[] = []
  let base = 0
  let end = 0

  const numberOf = (place: number) => Math.floor(place / chunkBytes)
  const chunkOf = (place: number): Buffer =>
    (chunks[numberOf(place) - base] ??= spare.pop() ?? allocate(chunkBytes))

  return {
    add(bytes) {
      const place = end
      for (let done = 0; done < bytes.length; done = end - place) {
        const at = end % chunkBytes
        const next = Math.min(bytes.length, done + chunkBytes - at)
        chunkOf(end).set(
          done === 0 && next === bytes.length ? bytes : bytes.subarray(done, next),
          at,
        )
        end = place + next
      }
      return place
    },
    read(place, into) {
      for (let done = 0; done < into.length;) {
        const at = place + done
        done += chunkOf(at).copy(into, done, at % chunkBytes)
      }
    },
    forgetTo(place) {
      for (; base < numberOf(place); base += 1) {
        const free = chunks.shift()
        if (free !== undefined && spare.length < MOST_SPARE) spare.push(free)
      }
    },
    cutTo(place) {
      end = place
      chunks.splice(Math.ceil(place / chunkBytes) - base)
    },
    clear() {
      chunks = []
      spare = []
      base = numberOf(end)
    },
  }
}

function ownMemory(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(bytes)
}
