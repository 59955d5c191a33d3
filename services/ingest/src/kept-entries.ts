import type { AudioEntry } from '@callwire/bus'
import { createByteRing, type ByteRing } from '@callwire/runtime'

/** What stands before an entry's bytes: numbers of eight bytes, exact for ms, counts and Redis ids. */
const field = {
  kind: 0,
  number: 1,
  fromMs: 2,
  endMs: 3,
  idMs: 4,
  idCount: 5,
  takenAtMs: 6,
  length: 7,
}
const FIELDS = 8

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
  /** `takenAtMs`: monotonic, when Redis took it. */
  append(entry: AudioEntry, o: { id: string; endMs: number; takenAtMs: number }): void
  /** Forgets the oldest: those taken at `untilMs` or before, and what is more than `mostBytes`. */
  trim(untilMs: number, mostBytes: number): void
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

export function createKeptEntries({
  streamId,
  ring = createByteRing(),
}: {
  streamId: string
  ring?: ByteRing
}): KeptEntries {
  // The head that was read last, and its bytes.
  const head = new Float64Array(FIELDS)
  const headBytes = Buffer.from(head.buffer)
  let start = 0
  let newest = 0
  let end = 0
  let size = 0

  const read = (name: keyof typeof field): number => head[field[name]] ?? NaN
  const idOf = () => `${read('idMs')}-${read('idCount')}`
  /** Reads the head of the entry at a place, and gives the place behind the entry. */
  const look = (place: number): number => {
    ring.read(place, headBytes)
    return place + headBytes.length + read('length')
  }
  const idAt = (place: number): string => {
    look(place)
    return idOf()
  }
  const entryOf = (sealed: Buffer): AudioEntry => {
    const [number, fromMs] = [read('number'), read('fromMs')]
    switch (read('kind')) {
      case AUDIO:
        return { kind: 'audio', streamId, index: number, startMs: fromMs, sealed }
      case GAP:
        return { kind: 'gap', streamId, fromMs, toMs: number }
      default:
        return { kind: 'end', streamId, atMs: fromMs }
    }
  }

  return {
    append(entry, { id, endMs, takenAtMs }) {
      const { kind, number, fromMs, sealed } = partsOf(entry)
      const dash = id.indexOf('-')
      const [idMs, idCount] = [Number(id.slice(0, dash)), Number(id.slice(dash + 1))]
      head.set([kind, number, fromMs, endMs, idMs, idCount, takenAtMs, sealed.length])
      newest = ring.add(headBytes)
      if (size === 0) start = newest
      end = ring.add(sealed) + sealed.length
      size += 1
    },
    trim(untilMs, mostBytes) {
      while (size > 0) {
        const behind = look(start)
        if (read('takenAtMs') > untilMs && end - start <= mostBytes) break
        start = behind
        size -= 1
      }
      ring.forgetTo(start)
    },
    size: () => size,
    firstId: () => (size === 0 ? null : idAt(start)),
    newestId: () => (size === 0 ? null : idAt(newest)),
    takeBehind(isThere) {
      let there = { count: 0, at: newest, end: start }
      for (let count = 1, at = start; count <= size; count += 1) {
        const behind = look(at)
        if (isThere(idOf())) there = { count, at, end: behind }
        at = behind
      }
      // One piece of memory for all: they are handed over, and let go, within a moment.
      const room = Buffer.allocUnsafeSlow(end - there.end)
      const taken: TakenEntry[] = []
      for (let used = 0, at = there.end; at < end;) {
        const behind = look(at)
        const sealed = room.subarray(used, used + read('length'))
        used += sealed.length
        ring.read(behind - sealed.length, sealed)
        taken.push({ entry: entryOf(sealed), endMs: read('endMs') })
        at = behind
      }
      size = there.count
      newest = there.at
      end = there.end
      ring.cutTo(end)
      return taken
    },
    clear() {
      ring.clear()
      start = end
      size = 0
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
