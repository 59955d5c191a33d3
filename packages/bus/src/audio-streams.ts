import { systemClock, type Clock } from '@callwire/runtime'
import { createAppender } from './appender.ts'
import { decodeAudioEntry, encodeAudioEntry, type AudioEntry } from './audio-entry.ts'
import { busCall } from './bus-error.ts'
import type { BusConnection } from './connection.ts'
import { names } from './names.ts'
import { newsOf, type RawEntry } from './read-groups.ts'
import { createWaitingReads } from './waiting-reads.ts'

export type AudioStreams = AsyncDisposable & {
  /**
   * Appends and gives the entry's id. The stream lives for `lifeMs` after its last entry, half a
   * minute more or less, and is bounded by time and by bytes: its oldest entries go.
   *
   * @param o - `urgent`: does not wait for other entries to go with it
   */
  append(
    callId: string,
    entry: AudioEntry,
    o?: { lifeMs?: number; urgent?: boolean },
  ): Promise<string>
  /**
   * Entries after the id `afterId` (`'0'` for the start), at most `count`; waits up to `blockMs`
   * for the first (0: does not wait). Who waits is asked for together with all who wait: a few
   * entries at a time where hundreds do. Empty when none came or `signal` aborted.
   */
  read(
    callId: string,
    afterId: string,
    o: { blockMs: number; count: number; signal?: AbortSignal },
  ): Promise<{ id: string; entry: AudioEntry }[]>
  /** Forgets what lies before `id`; `id` itself stays. */
  trimTo(callId: string, id: string): Promise<void>
  exists(callId: string): Promise<boolean>
  /** Whether an entry that was appended is still there. */
  has(callId: string, id: string): Promise<boolean>
  /** Rises whenever the connection that appends was lost: what Redis had before may be gone. */
  losses(): number
  /** The id of the newest entry, or null when there is none. */
  lastId(callId: string): Promise<string | null>
  remove(callId: string): Promise<void>
}

/** 60 min, the longest media stream Exotel documents, in blocks of 100 ms, and room for gaps. */
const longestStream = 40_000
/** Audio that nobody has read by then is of no live call. */
const longestAgeMs = 60 * 60_000
/** An hour at 8 kHz; of denser audio that nobody reads, less is kept. */
export const STREAM_BYTES = 64 * 1024 * 1024
/** What an entry takes in Redis beside its block: its id, its numbers, its socket's id. */
const entryBytes = 96
/** A stream nobody appends to is garbage after this; a transcriber that was away is back by then. */
const streamLifeMs = 60 * 60_000
/** With every entry it would cost as much as the entry. */
const renewEveryMs = 30_000
/** More calls than a process has at a time: what is forgotten is renewed once more. */
const mostRenewed = 20_000

/** Audio of live calls as Redis Streams, one per call. Rejects with `BusError`. */
export function createAudioStreams(
  conn: BusConnection,
  o: { clock?: Pick<Clock, 'now' | 'monotonicMs'>; bytesPerStream?: number } = {},
): AudioStreams {
  const { clock = systemClock, bytesPerStream = STREAM_BYTES } = o
  const reads = createWaitingReads(() => conn.batching('audio-in'), clock)
  const appender = createAppender(() => conn.batching('audio-out'))
  const renewed = new Map<string, number>()
  let losses = 0

  /** Goes in the batch of the entry it follows. */
  const renew = (callId: string, key: string, lifeMs: number) => {
    // A Redis that came back empty has no lives either.
    if (losses !== appender.losses() || renewed.size > mostRenewed) renewed.clear()
    losses = appender.losses()
    const nowMs = clock.monotonicMs()
    if (nowMs - (renewed.get(callId) ?? -Infinity) < renewEveryMs) return
    renewed.set(callId, nowMs)
    const oldest = clock.now() - longestAgeMs
    Promise.all([
      appender.send(['PEXPIRE', key, String(lifeMs)]),
      appender.send(['XTRIM', key, 'MINID', String(oldest)]),
    ]).catch(() => renewed.delete(callId))
  }
  return {
    append: (callId, entry, { lifeMs = streamLifeMs, urgent = false } = {}) =>
      busCall(async () => {
        const key = names.audioStream(callId)
        const bytes = entryBytes + (entry.kind === 'audio' ? entry.sealed.length : 0)
        const most = Math.min(longestStream, Math.max(1, Math.floor(bytesPerStream / bytes)))
        const place = [key, 'MAXLEN', '~', String(most), '*']
        const id = appender.send(['XADD', ...place, ...encodeAudioEntry(entry)], { urgent })
        if (entry.kind === 'end') renewed.delete(callId)
        renew(callId, key, lifeMs)
        return String(await id)
      }),
    read: (callId, afterId, { blockMs, count, signal }) =>
      busCall(async () => {
        const key = names.audioStream(callId)
        if (blockMs > 0) {
          return entriesOf(await reads.read({ key, afterId, count, blockMs, signal }))
        }
        const args = ['COUNT', count, 'STREAMS', key, afterId]
        const reply = await conn.command.callBuffer('XREAD', args)
        return entriesOf(newsOf(reply).get(key) ?? [])
      }),
    trimTo: (callId, id) =>
      busCall(async () => {
        await conn.command.xtrim(names.audioStream(callId), 'MINID', id)
      }),
    exists: (callId) =>
      busCall(async () => (await conn.command.exists(names.audioStream(callId))) === 1),
    has: (callId, id) =>
      busCall(async () => {
        const key = names.audioStream(callId)
        const found = await conn.command.callBuffer('XRANGE', [key, id, id])
        return (found as unknown[]).length > 0
      }),
    losses: () => appender.losses(),
    lastId: (callId) =>
      busCall(async () => {
        const key = names.audioStream(callId)
        const [newest] = await conn.command.xrevrange(key, '+', '-', 'COUNT', 1)
        return newest?.[0] ?? null
      }),
    remove: (callId) =>
      busCall(async () => {
        await conn.command.unlink(names.audioStream(callId))
      }),
    [Symbol.asyncDispose]: () => {
      reads.close()
      appender.close()
      return Promise.resolve()
    },
  }
}

function entriesOf(raw: readonly RawEntry[]): { id: string; entry: AudioEntry }[] {
  return raw.flatMap(([id, fields]) => {
    const entry = decodeAudioEntry(fields)
    return entry === null ? [] : [{ id: id.toString(), entry }]
  })
}
