import { audioHeader, type AudioEntry, type AudioStreams } from '@callwire/bus'
import { createStreamKey, openBlock, type StreamKey } from '@callwire/crypto'
import { mediaStreams, type Database } from '@callwire/db'
import { and, eq, isNull } from 'drizzle-orm'
import type { Claim } from './claim-call.ts'

/** Sound in clear, and its place on the call's clock. */
export type Heard = { id: string; pcm: Buffer; startMs: number; endMs: number; sampleRate: number }

/** Entries asked for at once: a second of audio is ten. */
const BATCH = 64
/** How long one look waits: also how soon a lost claim or a silent end is noticed. */
const BLOCK_MS = 500
/** Nothing in Redis for this many looks, and no open socket in Postgres: the call's audio is over. */
const IDLE_LOOKS = 4
/** Once a socket's end was read, only the row in Postgres is awaited. */
const ENDING_BLOCK_MS = 50

type Deps = { database: Database; audio: AudioStreams }
type Stream = { key: StreamKey; sampleRate: number; lastIndex: number }

/** A call's audio, opened, from where the claim begins to the end of its last media socket. */
export async function* readAudio(
  deps: Deps,
  claim: Claim,
  signal: AbortSignal,
): AsyncGenerator<Heard> {
  const streams = new Map<string, Stream>()
  let after = claim.ackedId
  let idleLooks = 0
  let endSeen = false
  while (!signal.aborted) {
    const blockMs = endSeen ? ENDING_BLOCK_MS : BLOCK_MS
    const entries = await deps.audio.read(claim.callId, after, { blockMs, count: BATCH, signal })
    for (const { id, entry } of entries) {
      after = id
      if (entry.kind === 'end') endSeen = true
      if (entry.kind !== 'audio') continue
      const stream =
        streams.get(entry.streamId) ?? (await openStream(deps.database, claim, entry.streamId))
      if (stream === null) continue
      streams.set(entry.streamId, stream)
      // After a loss of Redis the last seconds come again; what was heard is not heard twice.
      if (entry.index <= stream.lastIndex) continue
      stream.lastIndex = entry.index
      yield hear(claim, stream, id, entry)
    }
    idleLooks = entries.length > 0 ? 0 : idleLooks + 1
    const maybeOver = entries.length === 0 && (endSeen || idleLooks >= IDLE_LOOKS)
    if (maybeOver && !(await hasOpenStream(deps.database, claim))) return
  }
}

function hear(
  claim: Claim,
  stream: Stream,
  id: string,
  entry: Extract<AudioEntry, { kind: 'audio' }>,
): Heard {
  const { streamId, index, startMs } = entry
  const header = audioHeader({
    tenantId: claim.tenantId,
    callId: claim.callId,
    streamId,
    index,
    startMs,
  })
  const pcm = openBlock(stream.key, { index, header }, entry.sealed)
  const durationMs = pcm.length / ((stream.sampleRate * 2) / 1000)
  return { id, pcm, startMs, endMs: startMs + durationMs, sampleRate: stream.sampleRate }
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
