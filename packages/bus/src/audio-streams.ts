import { decodeAudioEntry, encodeAudioEntry, type AudioEntry } from './audio-entry.ts'
import { busCall } from './bus-error.ts'
import { createBlockingPool } from './blocking-pool.ts'
import type { BusConnection } from './connection.ts'
import { names } from './names.ts'

export type AudioStreams = AsyncDisposable & {
  /** Appends and renews the stream's life; gives the entry's id. */
  append(callId: string, entry: AudioEntry): Promise<string>
  /**
   * Entries after the id `afterId` (`'0'` for the start), at most `count`; waits up to `blockMs`
   * for the first (0: does not wait). Empty when none came or `signal` aborted.
   */
  read(
    callId: string,
    afterId: string,
    o: { blockMs: number; count: number; signal?: AbortSignal },
  ): Promise<{ id: string; entry: AudioEntry }[]>
  /** Forgets what lies before `id`; `id` itself stays. */
  trimTo(callId: string, id: string): Promise<void>
  exists(callId: string): Promise<boolean>
  /** The id of the newest entry, or null when there is none. */
  lastId(callId: string): Promise<string | null>
  remove(callId: string): Promise<void>
}

/** 60 min, the longest media stream Exotel documents, in blocks of 100 ms, and room for gaps. */
const longestStream = 40_000
/** A stream nobody appends to is garbage after this; a transcriber that was away is back by then. */
const streamLifeMs = 60 * 60_000

/** Audio of live calls as Redis Streams, one per call. Rejects with `BusError`. */
export function createAudioStreams(conn: BusConnection): AudioStreams {
  const pool = createBlockingPool(() => conn.blocking('audio'))
  return {
    append: (callId, entry) =>
      busCall(async () => {
        const key = names.audioStream(callId)
        const fields = encodeAudioEntry(entry)
        const results = await conn.command
          .pipeline()
          .xadd(key, 'MAXLEN', '~', longestStream, '*', ...fields)
          .pexpire(key, streamLifeMs)
          .exec()
        const failed = results?.find(([error]) => error !== null)?.[0]
        if (failed != null) throw failed
        return String(results?.[0]?.[1])
      }),
    read: (callId, afterId, { blockMs, count, signal }) =>
      busCall(async () => {
        const source = ['STREAMS', names.audioStream(callId), afterId]
        const args = ['COUNT', count, ...(blockMs > 0 ? ['BLOCK', blockMs] : []), ...source]
        const reply =
          blockMs > 0
            ? await pool.use((redis) => redis.callBuffer('XREAD', args), { blockMs, signal })
            : await conn.command.callBuffer('XREAD', args)
        return entriesOf(reply)
      }),
    trimTo: (callId, id) =>
      busCall(async () => {
        await conn.command.xtrim(names.audioStream(callId), 'MINID', id)
      }),
    exists: (callId) =>
      busCall(async () => (await conn.command.exists(names.audioStream(callId))) === 1),
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
      pool.close()
      return Promise.resolve()
    },
  }
}

/** XREAD's reply: [[key, [[id, [field, value, …]], …]]], or null when nothing came. */
function entriesOf(reply: unknown): { id: string; entry: AudioEntry }[] {
  const streams = (reply ?? []) as [Buffer, [Buffer, Buffer[]][]][]
  return (streams[0]?.[1] ?? []).flatMap(([id, fields]) => {
    const entry = decodeAudioEntry(fields)
    return entry === null ? [] : [{ id: id.toString(), entry }]
  })
}
