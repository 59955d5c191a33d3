import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { createDataKey, openDataKey, type ContentRing, type DataKey } from '@callwire/crypto'
import { calls, phones, recordings, type Database, type Tx } from '@callwire/db'
import type { RecordingStore } from '@callwire/recordings'
import type { Clock, Logger, Random } from '@callwire/runtime'
import { and, eq } from 'drizzle-orm'
import type { Claim } from '../claim-call.ts'

/** A call's recording as its holder works on it. */
export type Recording = {
  id: string
  dataKey: DataKey
  /** Everything before this moment of the call is in a part. */
  recordedMs: number
}

export type OpenDeps = {
  database: Pick<Database, 'withTenant'>
  /** Null when RECORDINGS_URL is not set. */
  store: RecordingStore | null
  contentRing: ContentRing
  clock: Pick<Clock, 'now'>
  random: Random
  log: Logger
}

/**
 * The recording of a call that is kept, made by the call's first holder; null for one that is not. What
 * the phone says when the call's audio begins holds for all of the call.
 */
export async function openRecording(deps: OpenDeps, claim: Claim): Promise<Recording | null> {
  const { tenantId, callId } = claim
  const row = await deps.database.withTenant(tenantId, async (tx) => {
    const found = await findRecording(tx, callId)
    if (found !== undefined) return found
    if (!isFirst(claim) || !(await isKept(tx, callId))) return null
    if (deps.store === null) {
      deps.log.warn({ callId }, 'a recording is wanted, and RECORDINGS_URL is not set')
      return null
    }
    const id = newId('recording', {
      nowMs: deps.clock.now(),
      random: deps.random(ID_RANDOM_BYTES),
    })
    const { wrapped } = createDataKey(deps.contentRing, { tenantId, recordingId: id })
    await tx.insert(recordings).values({ tenantId, id, callId, wrapped }).onConflictDoNothing()
    return findRecording(tx, callId)
  })
  // Erased while the call goes on: it stays so.
  const wrapped = row?.wrapped ?? null
  if (row == null || wrapped === null) return null
  if (deps.store === null) {
    deps.log.warn({ callId }, 'a recording was begun, and RECORDINGS_URL is not set any more')
    return null
  }
  const recordingId = row.id
  const dataKey = openDataKey(deps.contentRing, { tenantId, recordingId }, wrapped)
  return { id: recordingId, dataKey, recordedMs: row.recordedMs }
}

/** Whoever was before, nobody is done with any of the call's audio yet. */
function isFirst(claim: Claim): boolean {
  return claim.fence === 1 || claim.ackedMs === 0
}

async function findRecording(tx: Tx, callId: string) {
  const [row] = await tx
    .select({
      id: recordings.id,
      wrapped: recordings.wrapped,
      recordedMs: recordings.recordedMs,
    })
    .from(recordings)
    .where(eq(recordings.callId, callId))
  return row
}

async function isKept(tx: Tx, callId: string): Promise<boolean> {
  const [phone] = await tx
    .select({ keepRecording: phones.keepRecording })
    .from(calls)
    .innerJoin(phones, and(eq(phones.tenantId, calls.tenantId), eq(phones.id, calls.phoneId)))
    .where(eq(calls.id, callId))
  return phone?.keepRecording ?? false
}
