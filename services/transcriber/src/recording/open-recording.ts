import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import {
  createDataKey,
  CryptoError,
  openDataKey,
  type ContentRing,
  type DataKey,
} from '@callwire/crypto'
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
  /** A former holder let go of audio that is in no part. */
  isIncomplete: boolean
}

/**
 * What a holder finds of a call's recording. `unable`: it was begun, and this process cannot go on with
 * it; the words do not wait for that.
 */
export type Opened =
  | { kind: 'none' }
  | { kind: 'unable'; id: string }
  | { kind: 'open'; recording: Recording; store: RecordingStore }

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
 * The recording of a call that is kept, made by the call's first holder. What the phone says when the
 * call's audio begins holds for all of the call.
 */
export async function openRecording(deps: OpenDeps, claim: Claim): Promise<Opened> {
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
  if (row == null || wrapped === null) return { kind: 'none' }
  const { id, recordedMs } = row
  const { store } = deps
  if (store === null) {
    deps.log.warn({ callId }, 'a recording was begun, and RECORDINGS_URL is not set any more')
    return { kind: 'unable', id }
  }
  const dataKey = openKey(deps, { tenantId, callId, recordingId: id }, wrapped)
  if (dataKey === null) return { kind: 'unable', id }
  // What was finished has said already whether something is missing.
  const isIncomplete = row.finishedAt === null && claim.ackedMs > recordedMs
  return { kind: 'open', recording: { id, dataKey, recordedMs, isIncomplete }, store }
}

/** Null, with an alert, for a key that does not open: changed, or wrapped by one that is not held. */
function openKey(
  { contentRing, log }: Pick<OpenDeps, 'contentRing' | 'log'>,
  o: { tenantId: string; callId: string; recordingId: string },
  wrapped: string,
): DataKey | null {
  const { tenantId, callId, recordingId } = o
  try {
    return openDataKey(contentRing, { tenantId, recordingId }, wrapped)
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    const alert = { alert: 'recording_key_unreadable', severity: 'page' }
    log.error({ ...alert, callId, recordingId }, 'alert raised')
    return null
  }
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
      finishedAt: recordings.finishedAt,
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
