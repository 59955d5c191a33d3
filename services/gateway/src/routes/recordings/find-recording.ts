import { recordingParts, recordings, type Tx } from '@callwire/db'
import { asc, eq } from 'drizzle-orm'

export type FoundRecording = NonNullable<Awaited<ReturnType<typeof findRecording>>>
export type PartRow = FoundRecording['parts'][number]

/** A call's recording and its parts in the order of the clock; null when there is none. */
export async function findRecording(tx: Tx, callId: string) {
  const [row] = await tx
    .select({
      id: recordings.id,
      wrapped: recordings.wrapped,
      recordedMs: recordings.recordedMs,
      finishedAt: recordings.finishedAt,
      erasedAt: recordings.erasedAt,
    })
    .from(recordings)
    .where(eq(recordings.callId, callId))
  if (row === undefined) return null
  const parts = await tx
    .select({
      fromMs: recordingParts.fromMs,
      toMs: recordingParts.toMs,
      sampleRate: recordingParts.sampleRate,
      objectKey: recordingParts.objectKey,
    })
    .from(recordingParts)
    .where(eq(recordingParts.recordingId, row.id))
    .orderBy(asc(recordingParts.fromMs))
  return { ...row, parts }
}

/** Whether a recording was erased meanwhile; one that is not there any more was as well. */
export async function isErased(tx: Tx, recordingId: string): Promise<boolean> {
  const [row] = await tx
    .select({ erasedAt: recordings.erasedAt })
    .from(recordings)
    .where(eq(recordings.id, recordingId))
  return row?.erasedAt !== null
}
