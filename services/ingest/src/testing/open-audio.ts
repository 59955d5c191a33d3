import { audioHeader, type AudioEntry, type AudioStreams } from '@callwire/bus'
import { createStreamKey, openBlock, openDataKey, type ContentRing } from '@callwire/crypto'
import { callKeys, mediaStreams, type Database } from '@callwire/db'
import { eq } from 'drizzle-orm'

export type OpenedEntry =
  | (Extract<AudioEntry, { kind: 'audio' }> & { pcm: Buffer })
  | Exclude<AudioEntry, { kind: 'audio' }>

/** Reads a call's Redis Stream and opens its blocks, as the transcriber would. */
export async function openAudio(o: {
  database: Database
  audio: AudioStreams
  ring: ContentRing
  tenantId: string
  callId: string
}): Promise<OpenedEntry[]> {
  const { tenantId, callId } = o
  // Before the rows: a socket that opens meanwhile has its row before its first entry.
  const entries = await o.audio.read(callId, '0', { blockMs: 0, count: 50_000 })
  const { wrapped, salts } = await o.database.withTenant(tenantId, async (tx) => {
    const [key] = await tx.select().from(callKeys).where(eq(callKeys.callId, callId))
    const rows = await tx.select().from(mediaStreams).where(eq(mediaStreams.callId, callId))
    return { wrapped: key?.wrapped ?? '', salts: new Map(rows.map((r) => [r.id, r.keySalt])) }
  })
  const dataKey = openDataKey(o.ring, { tenantId, callId }, wrapped)
  return entries.map(({ entry }) => {
    if (entry.kind !== 'audio') return entry
    const { streamId, index, startMs, sealed } = entry
    const salt = Buffer.from(salts.get(streamId) ?? '', 'base64url')
    const key = createStreamKey(dataKey, { streamId, salt })
    const header = audioHeader({ tenantId, callId, streamId, index, startMs })
    return { ...entry, pcm: openBlock(key, { index, header }, sealed) }
  })
}
