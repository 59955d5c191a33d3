import type { Leases } from '@callwire/bus'
import { openDataKey, type ContentRing, type DataKey } from '@callwire/crypto'
import { callKeys, transcriptions, type Database } from '@callwire/db'
import type { CallJob } from '@callwire/contracts'
import { and, eq, sql } from 'drizzle-orm'
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
}

export type ClaimDeps = {
  database: Pick<Database, 'withTenant'>
  leases: Leases
  contentRing: ContentRing
  owner: string
  times: Pick<Times, 'leaseMs'>
}

/**
 * Takes a call's audio stream, or null when another has it or there is nothing left to do. The lease
 * in Redis keeps two transcribers from working; the fence in Postgres keeps the slower of two from
 * writing.
 */
export async function claimCall(deps: ClaimDeps, job: CallJob): Promise<Claim | null> {
  const { leases, owner } = deps
  if (!(await leases.acquire(job.callId, owner, deps.times.leaseMs))) return null
  let claim: Claim | null = null
  try {
    claim = await takeFence(deps, job)
  } finally {
    if (claim === null) await leases.release(job.callId, owner)
  }
  return claim
}

async function takeFence(deps: ClaimDeps, { tenantId, callId }: CallJob): Promise<Claim | null> {
  const taken = await deps.database.withTenant(tenantId, async (tx) => {
    const [key] = await tx
      .select({ wrapped: callKeys.wrapped })
      .from(callKeys)
      .where(eq(callKeys.callId, callId))
    if (key === undefined) return null
    const [row] = await tx
      .update(transcriptions)
      .set({ fence: sql`${transcriptions.fence} + 1`, updatedAt: sql`now()` })
      .where(and(eq(transcriptions.callId, callId), eq(transcriptions.state, 'pending')))
      .returning({
        fence: transcriptions.fence,
        ackedId: transcriptions.ackedId,
        ackedMs: transcriptions.ackedMs,
      })
    return row === undefined ? null : { ...row, wrapped: key.wrapped }
  })
  if (taken === null) return null
  const { wrapped, ...position } = taken
  const dataKey = openDataKey(deps.contentRing, { tenantId, callId }, wrapped)
  return { tenantId, callId, dataKey, ...position }
}
