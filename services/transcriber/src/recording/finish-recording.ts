import { recordingParts, recordings, transcriptions } from '@callwire/db'
import type { Ledger } from '@callwire/ledger'
import { fenceOfPart, partPrefix, type RecordingStore } from '@callwire/recordings'
import { errorFields, type Logger } from '@callwire/runtime'
import { and, eq, sql } from 'drizzle-orm'
import type { Claim } from '../claim-call.ts'
import { ClaimLost } from '../write-words.ts'

/** `store`: null where this process has none. */
export type FinishDeps = { ledger: Ledger; store: RecordingStore | null; log: Logger }

const incomplete = {
  code: 'recording_incomplete',
  severity: 'warn',
  message: 'Some of this call’s audio could not be kept in time: its recording is silent there.',
} as const

/**
 * Notes that a call's audio is all recorded, or raises an alert that some of it is not. Then objects are
 * removed that a former holder left without a row. Throws ClaimLost.
 */
export async function finishRecording(
  deps: FinishDeps,
  claim: Claim,
  recording: { id: string },
  o: { isIncomplete: boolean },
): Promise<void> {
  const { tenantId, callId, fence } = claim
  const known = await deps.ledger.transact(tenantId, callId, async (work) => {
    const { tx } = work
    const held = await tx
      .select({ fence: transcriptions.fence })
      .from(transcriptions)
      .where(and(eq(transcriptions.callId, callId), eq(transcriptions.fence, fence)))
      .for('update')
    if (held.length === 0) throw new ClaimLost()
    await tx
      .update(recordings)
      .set({ finishedAt: sql`now()` })
      .where(eq(recordings.id, recording.id))
    if (o.isIncomplete) await work.append({ type: 'alert', data: incomplete })
    const rows = await tx
      .select({ key: recordingParts.objectKey })
      .from(recordingParts)
      .where(eq(recordingParts.recordingId, recording.id))
    return new Set(rows.map(({ key }) => key))
  })
  if (o.isIncomplete) {
    deps.log.warn({ alert: incomplete.code, severity: incomplete.severity }, 'alert raised')
  }
  const { store } = deps
  if (fence === 1 || store === null) return
  try {
    for (const key of await store.list(
      partPrefix({ tenantId, callId, recordingId: recording.id }),
    )) {
      // Of later holders nothing: theirs may be about to get its row.
      const isOld = (fenceOfPart(key) ?? Number.POSITIVE_INFINITY) <= fence
      if (isOld && !known.has(key)) await store.remove(key)
    }
  } catch (error) {
    // They go with the recording at the latest, and are noise without its key.
    deps.log.debug(errorFields(error), 'left objects of a recording stay')
  }
}
