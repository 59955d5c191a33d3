import { audioHeader, type AudioEntry } from '@callwire/bus'
import { createStreamKey, CryptoError, openBlock, type StreamKey } from '@callwire/crypto'
import { mediaStreams, type Database } from '@callwire/db'
import type { Logger } from '@callwire/runtime'
import { and, eq } from 'drizzle-orm'
import type { Claim } from './claim-call.ts'

/** A sealed block's sound in clear: s16le mono PCM. */
export type OpenBlock = { pcm: Buffer; sampleRate: number; durationMs: number }

/** Opens one call's blocks: null for one that was changed on the way, or belongs to no socket of the call. */
export type BlockOpener = (
  entry: Extract<AudioEntry, { kind: 'audio' }>,
) => Promise<OpenBlock | null>

type Stream = { key: StreamKey; sampleRate: number }

export function createBlockOpener(
  { database, log }: { database: Pick<Database, 'withTenant'>; log: Logger },
  claim: Claim,
): BlockOpener {
  const { tenantId, callId } = claim
  const streams = new Map<string, Stream | null>()

  const streamOf = async (streamId: string): Promise<Stream | null> => {
    const known = streams.get(streamId)
    if (known !== undefined) return known
    const stream = await readStream(database, claim, streamId)
    streams.set(streamId, stream)
    return stream
  }

  return async ({ streamId, index, startMs, sealed }) => {
    const stream = await streamOf(streamId)
    if (stream === null) {
      log.warn({ streamId, index }, 'audio block of no known socket')
      return null
    }
    const header = audioHeader({ tenantId, callId, streamId, index, startMs })
    try {
      const pcm = openBlock(stream.key, { index, header }, sealed)
      const { sampleRate } = stream
      return { pcm, sampleRate, durationMs: pcm.length / bytesPerMs(sampleRate) }
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error
      // Somebody changed it on the way: to those who hear the call, a hole.
      log.warn({ streamId, index }, 'audio block does not open')
      return null
    }
  }
}

/** Of s16le mono PCM. */
export function bytesPerMs(sampleRate: number): number {
  return (sampleRate * 2) / 1000
}

async function readStream(
  database: Pick<Database, 'withTenant'>,
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
  const salt = Buffer.from(row.keySalt, 'base64url')
  return { key: createStreamKey(claim.dataKey, { streamId, salt }), sampleRate: row.sampleRate }
}
