import { recordingParts, recordings, type Found } from '@callwire/db'
import { partPrefix, RecordingStoreError, type RecordingStore } from '@callwire/recordings'
import { errorFields } from '@callwire/runtime'
import { eq, sql } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'

/** Recordings of one look; each is as many requests to the store as it has parts. */
const BATCH_SIZE = 100

type Deps = Pick<DialerDeps, 'database' | 'log' | 'store'>

/**
 * Removes from the store what erased recordings left there, which is noise by now, and then the rows of
 * their parts. Gives how many recordings are gone for good. While the store is away it is tried again
 * in the next round.
 */
export async function removeRecordings(d: Deps, batchSize = BATCH_SIZE): Promise<number> {
  let removed = 0
  for (;;) {
    const found = await d.database.finder.erasedRecordings(batchSize)
    if (found.length === 0) return removed
    if (d.store === null) {
      d.log.warn('erased recordings wait: RECORDINGS_URL is not set')
      return removed
    }
    try {
      for (const one of found) {
        await removeRecording(d, d.store, one)
        removed += 1
      }
    } catch (error) {
      if (!(error instanceof RecordingStoreError)) throw error
      d.log.warn(errorFields(error), 'erased recordings wait for their store')
      return removed
    }
    if (found.length < batchSize) return removed
  }
}

async function removeRecording(
  { database }: Pick<Deps, 'database'>,
  store: RecordingStore,
  { tenantId, id }: Found,
): Promise<void> {
  const named = await database.withTenant(tenantId, async (tx) => {
    const [row] = await tx
      .select({ callId: recordings.callId })
      .from(recordings)
      .where(eq(recordings.id, id))
    const parts = await tx
      .select({ key: recordingParts.objectKey })
      .from(recordingParts)
      .where(eq(recordingParts.recordingId, id))
    return row === undefined ? null : { callId: row.callId, keys: parts.map(({ key }) => key) }
  })
  if (named === null) return
  // Beside what has a row: what a process left that died between an object and its row.
  const left = await store.list(partPrefix({ tenantId, callId: named.callId, recordingId: id }))
  for (const key of new Set([...named.keys, ...left])) await store.remove(key)
  await database.withTenant(tenantId, async (tx) => {
    await tx.delete(recordingParts).where(eq(recordingParts.recordingId, id))
    await tx
      .update(recordings)
      .set({ removedAt: sql`now()` })
      .where(eq(recordings.id, id))
  })
}
