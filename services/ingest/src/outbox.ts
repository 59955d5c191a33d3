import type { AudioEntry } from '@callwire/bus'
import { backoffMs, errorFields, type Clock, type Logger, type Random } from '@callwire/runtime'
import { createKeptEntries } from './kept-entries.ts'
import { createSlab } from './slab.ts'

/**
 * How much audio is kept on this side of Redis, both what waits and what was handed over: Redis
 * may be away for ten seconds, and its append-only file may lose the last one, without a word
 * being lost; the rest is the time to notice.
 */
export const KEEP_MS = 12_000

const retry = { baseMs: 50, maxMs: 500 }

/** Of all streams: what waits while Redis is away is let go together when it is back. */
const hold = createSlab()

/** Milliseconds on the call's clock. */
export type Range = { fromMs: number; toMs: number }

/** The part of Redis that one stream's audio goes to. */
export type AudioSink = {
  /** `urgent`: more waits behind it. */
  append(entry: AudioEntry, how: { urgent: boolean }): Promise<string>
  /** Whether it still has the entry of this id. */
  has(id: string): Promise<boolean>
  /** Rises whenever the connection was lost. */
  losses(): number
  /** Ids of entries after `afterId`. */
  idsAfter(afterId: string): Promise<string[]>
  exists(): Promise<boolean>
  wakeTranscriber(): Promise<void>
}

export type Outbox = {
  /** Hands over an entry that ends at `endMs`, in order, as soon as Redis takes it. Never waits. */
  push(entry: AudioEntry, endMs: number): void
  /** Wakes a transcriber, also when Redis is away just now. */
  wake(): void
  /** Looks whether Redis still has the newest entry; appends again what it lost. */
  recheck(): void
  /** Audio that Redis has not taken yet, ms of the call's clock. */
  bufferedMs(): number
  /** Resolves when Redis has everything, or after `withinMs` with what is left given up. */
  finish(withinMs: number): Promise<void>
}

type Item = { entry: AudioEntry; fromMs: number; endMs: number }

/**
 * The bounded queue between one media socket and its Redis Stream. Blocks keep their seal: what
 * is appended again is the same bytes under the same number. Audio older than {@link KEEP_MS}
 * gives way to an explicit gap, of which `onLost` is told.
 */
export function createOutbox(o: {
  streamId: string
  sink: AudioSink
  clock: Clock
  random: Random
  log: Logger
  onLost: (range: Range) => void
  onAppended: (entry: AudioEntry) => void
  onAppendFailed: () => void
}): Outbox {
  const pending: Item[] = []
  const kept = createKeptEntries({ streamId: o.streamId })
  let inFlight: Item | null = null
  let running = false
  let wanted = { wake: false, recheck: false }
  let losses = o.sink.losses()
  let failures = 0
  let isClosed = false
  let onIdle: () => void = () => undefined

  const kick = () => {
    if (running) return
    running = true
    void run()
  }

  const run = async () => {
    let sound = true
    try {
      await pump()
    } catch (error) {
      sound = false
      o.log.error(errorFields(error), 'audio pump failed')
    }
    running = false
    // What came after the pump's last look and before this one would wait for ever.
    if (sound && hasWork()) kick()
    else onIdle()
  }

  const hasWork = () => !isClosed && (pending.length > 0 || wanted.wake || wanted.recheck)

  const pump = async () => {
    while (hasWork()) {
      try {
        await step()
        failures = 0
      } catch (error) {
        inFlight = null
        // A fault in the middle says nothing of what Redis kept, so the next step looks.
        wanted.recheck ||= kept.size() > 0
        if (failures === 0) o.log.warn(errorFields(error), 'audio not taken by redis')
        failures += 1
        o.onAppendFailed()
        await o.clock.sleep(backoffMs(failures, { ...retry, random: o.random }))
      }
      inFlight = null
    }
  }

  const step = async () => {
    if (losses !== o.sink.losses()) {
      // Whoever answers now may have forgotten the last second: nothing goes behind a hole.
      losses = o.sink.losses()
      wanted.recheck ||= kept.size() > 0
    }
    if (wanted.recheck) {
      await restore()
      wanted.recheck = false
    } else if (wanted.wake) {
      await o.sink.wakeTranscriber()
      wanted.wake = false
    } else {
      const item = pending[0]
      if (item === undefined) return
      inFlight = item
      const id = await o.sink.append(item.entry, { urgent: pending.length > 1 })
      o.onAppended(item.entry)
      pending.shift()
      // Of a stream that is finished nothing goes again.
      if (isClosed) return
      kept.append(item.entry, { id, endMs: item.endMs })
      kept.dropUntil(item.endMs - KEEP_MS)
    }
  }

  /** Redis may have restarted from its file, a second short, or come back empty. */
  const restore = async () => {
    const [firstId, newestId] = [kept.firstId(), kept.newestId()]
    if (firstId === null || newestId === null) return
    // A file that is short is short of its end: where the newest is, so are those before it.
    if (await o.sink.has(newestId)) return
    const present = new Set<string>()
    if (await o.sink.exists()) {
      present.add(firstId)
      for (const id of await o.sink.idsAfter(firstId)) present.add(id)
    }
    const lost = kept.takeBehind((id) => present.has(id))
    if (lost.length === 0) return
    o.log.warn({ entries: lost.length }, 'audio appended again')
    pending.unshift(...lost.map(({ entry, endMs }) => itemOf(entry, endMs)))
    wanted.wake = true
  }

  const makeRoom = () => {
    const newest = pending.at(-1)?.endMs ?? 0
    if ((pending[0]?.fromMs ?? 0) >= newest - KEEP_MS) return
    for (;;) {
      const at = pending.findIndex((item) => item !== inFlight && item.entry.kind === 'audio')
      const item = pending[at]
      if (item === undefined || item.fromMs >= newest - KEEP_MS) return
      const range = { fromMs: item.fromMs, toMs: item.endMs }
      o.onLost(range)
      const before = pending[at - 1]
      if (before?.entry.kind === 'gap' && before !== inFlight && before.endMs === range.fromMs) {
        before.endMs = range.toMs
        before.entry = { ...before.entry, toMs: range.toMs }
        pending.splice(at, 1)
      } else {
        item.entry = { kind: 'gap', streamId: item.entry.streamId, ...range }
      }
    }
  }

  return {
    push(entry, endMs) {
      if (isClosed) return
      // The usual block is alone and gone in a moment; those behind it may wait for long.
      pending.push(itemOf(pending.length === 0 ? entry : held(entry), endMs))
      makeRoom()
      kick()
    },
    wake() {
      wanted.wake = true
      kick()
    },
    recheck() {
      if (kept.size() === 0) return
      wanted.recheck = true
      kick()
    },
    bufferedMs: () => (pending.at(-1)?.endMs ?? 0) - (pending[0]?.fromMs ?? 0),
    async finish(withinMs) {
      const idle = new Promise<void>((resolve) => {
        onIdle = resolve
      })
      if (running) {
        const stop = new AbortController()
        const late = o.clock.sleep(withinMs, stop.signal).catch(() => undefined)
        await Promise.race([idle, late])
        stop.abort()
      }
      isClosed = true
      wanted = { wake: false, recheck: false }
      for (const { entry, fromMs, endMs } of pending.splice(0)) {
        if (entry.kind === 'audio') o.onLost({ fromMs, toMs: endMs })
      }
      kept.clear()
    },
  }
}

function itemOf(entry: AudioEntry, endMs: number): Item {
  const fromMs =
    entry.kind === 'audio' ? entry.startMs : entry.kind === 'gap' ? entry.fromMs : endMs
  return { entry, fromMs, endMs }
}

/** The same in memory of its own, not that of small buffers, which would be held with it. */
function held(entry: AudioEntry): AudioEntry {
  return entry.kind === 'audio' ? { ...entry, sealed: hold(entry.sealed) } : entry
}
