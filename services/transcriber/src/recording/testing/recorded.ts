import { openDataKey, openObject, type ContentRing } from '@callwire/crypto'
import { recordingParts, recordings, type Database } from '@callwire/db'
import { sealContexts } from '@callwire/keyring'
import { fromWav, type Part, type RecordingStore } from '@callwire/recordings'
import { bytesOf } from '@callwire/recordings/testing'
import { asc, eq } from 'drizzle-orm'

/** A call's recording as the store and the database have it: its row, its parts, and its whole WAV. */
export async function recorded(
  o: { database: Pick<Database, 'withTenant'>; ring: ContentRing; store: RecordingStore },
  { tenantId, callId }: { tenantId: string; callId: string },
) {
  const found = await o.database.withTenant(tenantId, async (tx) => {
    const [row] = await tx.select().from(recordings).where(eq(recordings.callId, callId))
    if (row === undefined) return null
    const rows = await tx
      .select()
      .from(recordingParts)
      .where(eq(recordingParts.recordingId, row.id))
      .orderBy(asc(recordingParts.fromMs))
    return { row, rows }
  })
  if (found === null) return null
  const { row, rows } = found
  const key = openDataKey(o.ring, { tenantId, recordingId: row.id }, row.wrapped ?? '')
  const parts = await Promise.all(
    rows.map(async (one): Promise<Part> => {
      const sealed = await o.store.get(one.objectKey)
      if (sealed.length !== one.bytes) throw new Error('another length')
      const wav = fromWav(
        openObject(key, sealContexts.recordingPart(tenantId, row.id, one), sealed),
      )
      if (wav?.sampleRate !== one.sampleRate) throw new Error('another rate')
      return { fromMs: one.fromMs, toMs: one.toMs, ...wav }
    }),
  )
  return { row, rows, parts, wav: bytesOf(parts) }
}
