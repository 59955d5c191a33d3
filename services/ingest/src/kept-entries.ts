import type { AudioEntry } from '@callwire/bus'

/** Small, so that a stream has little more than its audio: twelve seconds at 8 kHz fill twelve. */
const CHUNK_BYTES = 16 * 1024

/** What stands before an entry's bytes: numbers of eight bytes, exact for ms, counts and Redis ids. */
const head = { kind: 0, number: 8, fromMs: 16, endMs: 24, idMs: 32, idCount: 40, length: 48 }
const HEAD_BYTES = 56

const AUDIO = 0
const GAP = 1
const END = 2

/** An entry and where it ends on the call's clock, ms. */
export type TakenEntry = { entry: AudioEntry; endMs: number }

/**
 * What Redis has taken of one stream, oldest first, as long as it may have to go there again.
 * Ids are Redis's own, `ms-count`. `arrivedAtMs` is not kept: what goes again is no measure of the
 * way to Redis.
 */
export type KeptEntries = {
  append(entry: AudioEntry, o: { id: string; endMs: number }): void
  /** Forgets from the oldest on those that end at `ms` or before, up to the first that does not. */
  dropUntil(ms: number): void
  size(): number
  /** Null when nothing is kept. */
  firstId(): string | null
  newestId(): string | null
  /**
   * Takes back what lies behind the last entry whose id `isThere`, all when there is none: entries
   * as they were appended, in order, in memory of their own. They are no longer kept here.
   */
  takeBehind(isThere: (id: string) => boolean): TakenEntry[]
  /** Lets go of everything, its memory included. */
  clear(): void
}

type Chunk = { bytes: Buffer; numbers: DataView }

/**
 * A ring of chunks that are written again once their last entry is forgotten. Audio is kept for
 * seconds, and nearly always for nothing: as an object with a buffer for each block it would outlive
 * the young generation, and the heap be marked anew every few seconds.
 */
export function createKeptEntries(o: {
  streamId: string
  chunkBytes?: number
  /** Gives memory that nothing else lies in. */
  allocate?: (bytes: number) => Buffer
}): KeptEntries {
  const { streamId, chunkBytes = CHUNK_BYTES, allocate = ownMemory } = o
  // Places are bytes since the stream's beginning; `chunks[0]` is the one of number `base`. Behind
  // the one of `end` lie those to be written again.
  let chunks: Chunk[] = []
  let base = 0
  let start = 0
  let newest = 0
  let end = 0
  let size = 0

  const newChunk = (): Chunk => {
    const bytes = allocate(chunkBytes)
    return { bytes, numbers: new DataView(bytes.buffer) }
  }
  const chunkOf = (place: number): Chunk => {
    const index = Math.floor(place / chunkBytes) - base
    return (chunks[index] ??= newChunk())
  }
  /** A head lies in one chunk, bytes in as many as they need. */
  const headPlace = (place: number) => {
    const left = chunkBytes - (place % chunkBytes)
    return left < HEAD_BYTES ? place + left : place
  }
  const read = (place: number, field: number) =>
    chunkOf(place).numbers.getFloat64((place % chunkBytes) + field)
  const idAt = (place: number) => `${read(place, head.idMs)}-${read(place, head.idCount)}`
  const behind = (place: number) => place + HEAD_BYTES + read(place, head.length)

  const writeBytes = (place: number, bytes: Buffer) => {
    for (let done = 0; done < bytes.length;) {
      const at = (place + done) % chunkBytes
      const next = Math.min(bytes.length, done + chunkBytes - at)
      bytes.copy(chunkOf(place + done).bytes, at, done, next)
      done = next
    }
  }
  const readBytes = (place: number, bytes: Buffer) => {
    for (let done = 0; done < bytes.length;) {
      const at = (place + done) % chunkBytes
      done += chunkOf(place + done).bytes.copy(bytes, done, at)
    }
  }

  const entryAt = (place: number, sealed: Buffer): AudioEntry => {
    const [number, fromMs] = [read(place, head.number), read(place, head.fromMs)]
    switch (read(place, head.kind)) {
      case AUDIO:
        readBytes(place + HEAD_BYTES, sealed)
        return { kind: 'audio', streamId, index: number, startMs: fromMs, sealed }
      case GAP:
        return { kind: 'gap', streamId, fromMs, toMs: number }
      default:
        return { kind: 'end', streamId, atMs: fromMs }
    }
  }

  const forgetTo = (place: number) => {
    start = place
    for (; base < Math.floor(start / chunkBytes); base += 1) {
      const free = chunks.shift()
      if (free !== undefined) chunks.push(free)
    }
  }

  return {
    append(entry, { id, endMs }) {
      const place = headPlace(end)
      const at = place % chunkBytes
      const { numbers } = chunkOf(place)
      const { kind, number, fromMs, sealed } = partsOf(entry)
      const dash = id.indexOf('-')
      numbers.setFloat64(at + head.kind, kind)
      numbers.setFloat64(at + head.number, number)
      numbers.setFloat64(at + head.fromMs, fromMs)
      numbers.setFloat64(at + head.endMs, endMs)
      numbers.setFloat64(at + head.idMs, Number(id.slice(0, dash)))
      numbers.setFloat64(at + head.idCount, Number(id.slice(dash + 1)))
      numbers.setFloat64(at + head.length, sealed.length)
      writeBytes(place + HEAD_BYTES, sealed)
      newest = place
      end = behind(place)
      size += 1
    },
    dropUntil(ms) {
      while (size > 0) {
        const place = headPlace(start)
        if (read(place, head.endMs) > ms) return
        forgetTo(behind(place))
        size -= 1
      }
    },
    size: () => size,
    firstId: () => (size === 0 ? null : idAt(headPlace(start))),
    newestId: () => (size === 0 ? null : idAt(newest)),
    takeBehind(isThere) {
      let there = { count: 0, at: newest, end: start }
      for (let count = 1, next = start; count <= size; count += 1) {
        const at = headPlace(next)
        next = behind(at)
        if (isThere(idAt(at))) there = { count, at, end: next }
      }
      // One piece of memory for all: they are handed over, and let go, within a moment.
      const room = allocate(end - there.end)
      const taken: TakenEntry[] = []
      for (let used = 0, next = there.end; there.count + taken.length < size;) {
        const at = headPlace(next)
        next = behind(at)
        const sealed = room.subarray(used, used + read(at, head.length))
        used += sealed.length
        taken.push({ entry: entryAt(at, sealed), endMs: read(at, head.endMs) })
      }
      size = there.count
      newest = there.at
      end = there.end
      chunks.splice(Math.ceil(end / chunkBytes) - base)
      return taken
    },
    clear() {
      chunks = []
      base = start = newest = end = size = 0
    },
  }
}

const nothing = Buffer.alloc(0)

function partsOf(entry: AudioEntry) {
  switch (entry.kind) {
    case 'audio':
      return { kind: AUDIO, number: entry.index, fromMs: entry.startMs, sealed: entry.sealed }
    case 'gap':
      return { kind: GAP, number: entry.toMs, fromMs: entry.fromMs, sealed: nothing }
    case 'end':
      return { kind: END, number: 0, fromMs: entry.atMs, sealed: nothing }
  }
}

function ownMemory(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(bytes)
}
