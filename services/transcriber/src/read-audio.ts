import { audioHeader, type AudioEntry, type AudioStreams } from '@callwire/bus'
import { createStreamKey, CryptoError, openBlock, type StreamKey } from '@callwire/crypto'
import { mediaStreams, type Database } from '@callwire/db'
import type { Clock, Logger } from '@callwire/runtime'
import { and, eq, isNull } from 'drizzle-orm'
import type { Claim } from './claim-call.ts'
import type { Times } from './times.ts'

/** Sound in clear, and its place on the call's clock; or the place of one in the stream alone. */
export type Heard =
  | {
      kind: 'audio'
      id: string
      pcm: Buffer
      startMs: number
      endMs: number
      sampleRate: number
    }
  | { kind: 'other'; id: string }

/** Entries asked for at once: a second of audio is ten. */
const BATCH = 64

export type ReadDeps = {
  database: Database
  audio: Pick<AudioStreams, 'read'>
  times: Pick<Times, 'blockMs' | 'idleMs' | 'endingMs'>
  clock: Pick<Clock, 'monotonicMs'>
  log: Logger
}
type Stream = { key: StreamKey; sampleRate: number; lastIndex: number }

/** A call's audio, opened, from where the claim begins to the end of its last media socket. */
export async function* readAudio(
  deps: ReadDeps,
  claim: Claim,
  signal: AbortSignal,
): AsyncGenerator<Heard> {
  const { times, clock } = deps
  const streams = new Map<string, Stream | null>()
  let after = claim.ackedId
  let heardAt = clock.monotonicMs()
  /** The last thing read was the end of a socket: another may follow. */
  let isEnding = false
  while (!signal.aborted) {
    const blockMs = isEnding ? times.endingMs : times.blockMs
    const entries = await deps.audio.read(claim.callId, after, { blockMs, count: BATCH, signal })
    for (const { id, entry } of entries) {
      after = id
      isEnding = entry.kind === 'end'
      yield await hear(deps, claim, streams, id, entry)
    }
    if (entries.length > 0) {
      heardAt = clock.monotonicMs()
      continue
    }
    const maybeOver = isEnding || clock.monotonicMs() - heardAt >= times.idleMs
    if (maybeOver && !(await hasOpenStream(deps.database, claim))) return
  }
}

async function hear(
  deps: ReadDeps,
  claim: Claim,
  streams: Map<string, Stream | null>,
  id: string,
  entry: AudioEntry,
): Promise<Heard> {
  const other = { kind: 'other', id } as const
  if (entry.kind !== 'audio') return other
  const { streamId, index, startMs } = entry
  const known = streams.get(streamId)
  const stream = known === undefined ? await openStream(deps.database, claim, streamId) : known
  streams.set(streamId, stream)
  // After a loss of Redis the last seconds come again; what was heard is not heard twice.
  if (stream === null || index <= stream.lastIndex) return other
  stream.lastIndex = index
  const { tenantId, callId } = claim
  const header = audioHeader({ tenantId, callId, streamId, index, startMs })
  try {
    const pcm = openBlock(stream.key, { index, header }, entry.sealed)
    const { sampleRate } = stream
    const durationMs = pcm.length / ((sampleRate * 2) / 1000)
    return { kind: 'audio', id, pcm, startMs, endMs: startMs + durationMs, sampleRate }
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    // Somebody changed it on the way: to those who hear the call, a hole.
    deps.log.warn({ streamId, index }, 'audio block does not open')
    return other
  }
}

async function openStream(
  database: Database,
  claim: Claim,
  streamId: string,
): Promise<Stream | null> {
  const [row] = await database.withTenant(claim.tenantId, (tx) =>
    tx
      .select({ keySalt: mediaStreams.keySalt, sampleRate: mediaStreams.sampleRate })
      .from(mediaStreams)
      .where(and(eq(mediaStreams.callId, claim.callId), eq(mediaStreams.id, streamId))),
  )
  if (row === undefined) return null
  const key = createStreamKey(claim.dataKey, {
    streamId,
    salt: Buffer.from(row.keySalt, 'base64url'),
  })
  return { key, sampleRate: row.sampleRate, lastIndex: -1 }
}

async function hasOpenStream(database: Database, claim: Claim): Promise<boolean> {
  const open = await database.withTenant(claim.tenantId, (tx) =>
    tx
      .select({ id: mediaStreams.id })
      .from(mediaStreams)
      .where(and(eq(mediaStreams.callId, claim.callId), isNull(mediaStreams.endedAt)))
      .limit(1),
  )
  return open.length > 0
}
