import type { Leases } from '@callwire/bus'
import { CryptoError, openDataKey, type ContentRing, type DataKey } from '@callwire/crypto'
import { callKeys, mediaStreams, transcriptions, type Database, type Tx } from '@callwire/db'
import type { CallJob } from '@callwire/contracts'
import type { Ledger } from '@callwire/ledger'
import type { Clock, Logger } from '@callwire/runtime'
import { and, eq, sql } from 'drizzle-orm'
import { endUnopened, type UnopenedReason } from './end-unopened.ts'
import type { KeyPatience } from './key-patience.ts'
import type { TranscriberMetrics } from './metrics.ts'
import type { Times } from './times.ts'

/** The right to write a call's words, until the lease is lost. */
export type Claim = {
  tenantId: string
  callId: string
  fence: number
  dataKey: DataKey
  /** Where the predecessor stopped: the audio stream's id, and the call's clock. */
  ackedId: string
  ackedMs: number
  /** When the lease was asked for, by the monotonic clock. */
  takenAtMs: number
}

export type ClaimDeps = {
  database: Pick<Database, 'withTenant'>
  leases: Leases
  contentRing: ContentRing
  owner: string
  times: Pick<Times, 'leaseMs'>
  ledger: Pick<Ledger, 'transact'>
  clock: Pick<Clock, 'monotonicMs' | 'now'>
  metrics: Pick<TranscriberMetrics, 'leased'>
  keyPatience: KeyPatience
  log: Logger
}

/**
 * Takes a call's audio stream, or null when another has it or there is nothing left to do. The lease
 * in Redis keeps two transcribers from working; the fence in Postgres keeps the slower of two from
 * writing. Throws CryptoError for a key that does not open, to be tried again: until the patience with
 * it is over, when its words are ended without it.
 */
export async function claimCall(deps: ClaimDeps, job: CallJob): Promise<Claim | null> {
  const { leases, owner } = deps
  const takenAtMs = deps.clock.monotonicMs()
  if (!(await leases.acquire(job.callId, owner, deps.times.leaseMs))) return null
  let claim: Claim | null = null
  try {
    const taken = await takeFence(deps, job)
    if (typeof taken === 'string') await endUnopened(deps, job, taken)
    else if (taken !== null) claim = { ...taken, takenAtMs }
  } finally {
    if (claim === null) await leases.release(job.callId, owner)
  }
  return claim
}

async function takeFence(
  deps: ClaimDeps,
  { tenantId, callId }: CallJob,
): Promise<Omit<Claim, 'takenAtMs'> | UnopenedReason | null> {
  const taken = await deps.database.withTenant(tenantId, async (tx) => {
    const [key] = await tx
      .select({ wrapped: callKeys.wrapped })
      .from(callKeys)
      .where(eq(callKeys.callId, callId))
    if (key === undefined) return 'key_erased'
    const [row] = await tx
      .update(transcriptions)
      .set({ fence: sql`${transcriptions.fence} + 1`, updatedAt: sql`now()` })
      .where(and(eq(transcriptions.callId, callId), eq(transcriptions.state, 'pending')))
      .returning({
        fence: transcriptions.fence,
        ackedId: transcriptions.ackedId,
        ackedMs: transcriptions.ackedMs,
      })
    if (row === undefined) return null
    const audioForMs = row.fence === 1 ? await readAudioAge(tx, callId) : null
    return { position: row, audioForMs, wrapped: key.wrapped }
  })
  if (taken === null || taken === 'key_erased') return taken
  const { wrapped, position, audioForMs } = taken
  const dataKey = openCallKey(deps, { tenantId, callId }, wrapped)
  if (dataKey === null) return 'key_unreadable'
  if (audioForMs !== null) deps.metrics.leased(audioForMs)
  return { tenantId, callId, dataKey, ...position }
}

/** Null when the key did not open for so long that it will not. */
function openCallKey(
  { contentRing, keyPatience }: Pick<ClaimDeps, 'contentRing' | 'keyPatience'>,
  job: CallJob,
  wrapped: string,
): DataKey | null {
  try {
    const dataKey = openDataKey(contentRing, job, wrapped)
    keyPatience.forget(job.callId)
    return dataKey
  } catch (error) {
    if (error instanceof CryptoError && keyPatience.isOver(job.callId)) return null
    throw error
  }
}

/** Ms since a call's first audio came in; null when none did. */
async function readAudioAge(tx: Tx, callId: string): Promise<number | null> {
  const [row] = await tx
    .select({
      ms: sql<
        string | null
      >`extract(epoch from clock_timestamp() - min(${mediaStreams.startedAt})) * 1000`,
    })
    .from(mediaStreams)
    .where(eq(mediaStreams.callId, callId))
  return row?.ms == null ? null : Number(row.ms)
}
