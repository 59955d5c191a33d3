import type { AudioEntry } from '@callwire/bus'
import type { TakenEntry } from './kept-entries.ts'

/** Milliseconds on the call's clock. */
export type Range = { fromMs: number; toMs: number }

/** What an entry takes beside its bytes: its objects. */
const ITEM_BYTES = 256

/** `sinceMs`: monotonic, when it began to wait. */
export type WaitingItem = {
  entry: AudioEntry
  fromMs: number
  endMs: number
  sinceMs: number
}

/**
 * Entries of one stream on their way to Redis, in order. Those that have to give way become one gap,
 * joined with the gaps around it: however long Redis is away, and however holey the audio is.
 */
export type WaitingAudio = {
  push(entry: AudioEntry, o: { endMs: number; nowMs: number }): void
  /** Puts entries back in front of all others. */
  putBack(taken: readonly TakenEntry[], nowMs: number): void
  /** The first, which stays as it is until it is `sent` or `kept`. */
  next(): WaitingItem | undefined
  /** Redis has the first. */
  sent(): void
  /** Redis did not take the first. */
  kept(): void
  /** Since when the oldest audio waits that may give way; null when there is none. */
  oldestMs(): number | null
  /** Turns the oldest audio into a gap, and gives its place; null when none may give way. */
  giveWay(): Range | null
  size(): number
  /** Memory that all of it takes. */
  bytes(): number
  /** From the beginning of the first to the end of the last, ms of the call's clock. */
  spanMs(): number
  /** Takes everything out, and gives the places of the audio in it. */
  clear(): Range[]
}

export function createWaitingAudio(): WaitingAudio {
  const items: WaitingItem[] = []
  let bytes = 0
  let isInFlight = false

  const firstFree = () => (isInFlight ? 1 : 0)
  /** What lies before it is a gap or two: those that touch are joined. */
  const oldest = () =>
    items.findIndex((item, at) => at >= firstFree() && item.entry.kind === 'audio')

  /** Makes one gap of the items from one place up to another. */
  const join = (from: number, to: number) => {
    const joined = items.slice(from, to)
    const [first, last] = [joined[0], joined.at(-1)]
    if (first === undefined || last === undefined) return
    for (const item of joined) bytes -= sizeOf(item.entry)
    const { streamId } = first.entry
    const entry: AudioEntry = { kind: 'gap', streamId, fromMs: first.fromMs, toMs: last.endMs }
    bytes += sizeOf(entry)
    items.splice(from, to - from, { ...first, entry, endMs: last.endMs })
  }

  return {
    push(entry, { endMs, nowMs }) {
      bytes += sizeOf(entry)
      items.push(itemOf(entry, endMs, nowMs))
      const before = items.length - 2
      const isSecondGap = entry.kind === 'gap' && items[before]?.entry.kind === 'gap'
      if (isSecondGap && before >= firstFree()) join(before, items.length)
    },
    putBack(taken, nowMs) {
      for (const { entry } of taken) bytes += sizeOf(entry)
      items.unshift(...taken.map(({ entry, endMs }) => itemOf(entry, endMs, nowMs)))
    },
    next() {
      isInFlight = items.length > 0
      return items[0]
    },
    sent() {
      const first = items.shift()
      if (first !== undefined) bytes -= sizeOf(first.entry)
      isInFlight = false
    },
    kept() {
      isInFlight = false
    },
    oldestMs: () => items[oldest()]?.sinceMs ?? null,
    giveWay() {
      const at = oldest()
      const item = items[at]
      if (item === undefined) return null
      join(firstFree(), items[at + 1]?.entry.kind === 'gap' ? at + 2 : at + 1)
      return { fromMs: item.fromMs, toMs: item.endMs }
    },
    size: () => items.length,
    bytes: () => bytes,
    spanMs: () => (items.at(-1)?.endMs ?? 0) - (items[0]?.fromMs ?? 0),
    clear() {
      bytes = 0
      isInFlight = false
      return items
        .splice(0)
        .flatMap(({ entry, fromMs, endMs }) =>
          entry.kind === 'audio' ? [{ fromMs, toMs: endMs }] : [],
        )
    },
  }
}

function sizeOf(entry: AudioEntry): number {
  return ITEM_BYTES + (entry.kind === 'audio' ? entry.sealed.length : 0)
}

function itemOf(entry: AudioEntry, endMs: number, sinceMs: number): WaitingItem {
  const fromMs =
    entry.kind === 'audio' ? entry.startMs : entry.kind === 'gap' ? entry.fromMs : endMs
  return { entry, fromMs, endMs, sinceMs }
}
