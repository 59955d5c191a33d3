import type { AudioEntry } from '@callwire/bus'
import { backoffMs, errorFields, type Clock, type Logger, type Random } from '@callwire/runtime'
import { createKeptEntries } from './kept-entries.ts'
import { createSlab } from './slab.ts'
import { createWaitingAudio, type Range } from './waiting-audio.ts'

export type { Range } from './waiting-audio.ts'

/**
 * How long audio is kept on this side of Redis, both what waits for it and what was handed over:
 * Redis may be away for ten seconds, and its append-only file may lose the last one, without a word
 * being lost; the rest is the time to notice.
 */
export const KEEP_MS = 12_000

/**
 * How much of it, both of what waits and of what was handed over: audio comes faster than it is
 * spoken when a connection or this process stood still. Two minutes at 8 kHz, 40 s at 24 kHz. A
 * socket never holds more than twice this, and an ordinary one a tenth of it, 12 s.
 */
export const MOST_BYTES = 2 * 1024 * 1024

const retry = { baseMs: 50, maxMs: 500 }

/** Of all streams: what waits while Redis is away is let go together when it is back. */
const hold = createSlab()

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

/**
 * The bounded queue between one media socket and its Redis Stream. Blocks keep their seal: what
 * is appended again is the same bytes under the same number. Audio that has waited {@link KEEP_MS}
 * for a Redis that does not take it, or is more than {@link MOST_BYTES}, gives way to an explicit
 * gap, of which `onLost` is told.
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
  const waiting = createWaitingAudio()
  const kept = createKeptEntries({ streamId: o.streamId })
  let running = false
  let wanted = { wake: false, recheck: false }
  let losses = o.sink.losses()
  let failures = 0
  /** Monotonic, since when Redis takes no audio, though it may answer; null while it does. */
  let awaySinceMs: number | null = null
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

  const hasWork = () => !isClosed && (waiting.size() > 0 || wanted.wake || wanted.recheck)

  const pump = async () => {
    while (hasWork()) {
      try {
        await step()
        failures = 0
      } catch (error) {
        waiting.kept()
        awaySinceMs ??= o.clock.monotonicMs()
        // A fault in the middle says nothing of what Redis kept, so the next step looks.
        wanted.recheck ||= kept.size() > 0
        if (failures === 0) o.log.warn(errorFields(error), 'audio not taken by redis')
        failures += 1
        o.onAppendFailed()
        await o.clock.sleep(backoffMs(failures, { ...retry, random: o.random }))
      }
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
      const item = waiting.next()
      if (item === undefined) return
      const { entry, endMs } = item
      const id = await o.sink.append(entry, { urgent: waiting.size() > 1 })
      o.onAppended(entry)
      waiting.sent()
      awaySinceMs = null
      // Of a stream that is finished nothing goes again.
      if (isClosed) return
      const takenAtMs = o.clock.monotonicMs()
      kept.append(entry, { id, endMs, takenAtMs })
      kept.trim(takenAtMs - KEEP_MS, MOST_BYTES)
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
    waiting.putBack(lost, o.clock.monotonicMs())
    wanted.wake = true
  }

  /** A process that stood still has old audio and a sound Redis: age alone costs nothing. */
  const hasWaitedTooLong = (nowMs: number) =>
    awaySinceMs !== null &&
    awaySinceMs <= nowMs - KEEP_MS &&
    (waiting.oldestMs() ?? Infinity) <= nowMs - KEEP_MS

  const makeRoom = (nowMs: number) => {
    while (hasWaitedTooLong(nowMs) || waiting.bytes() > MOST_BYTES) {
      const lost = waiting.giveWay()
      if (lost === null) return
      o.onLost(lost)
    }
  }

  return {
    push(entry, endMs) {
      if (isClosed) return
      // The usual block is alone and gone in a moment; those behind it may wait for long.
      const nowMs = o.clock.monotonicMs()
      waiting.push(waiting.size() === 0 ? entry : held(entry), { endMs, nowMs })
      makeRoom(nowMs)
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
    bufferedMs: () => waiting.spanMs(),
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
      for (const range of waiting.clear()) o.onLost(range)
      kept.clear()
    },
  }
}

/** The same in memory of its own, not that of small buffers, which would be held with it. */
function held(entry: AudioEntry): AudioEntry {
  return entry.kind === 'audio' ? { ...entry, sealed: hold(entry.sealed) } : entry
}
