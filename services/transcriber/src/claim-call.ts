import type { Leases } from '@callwire/bus'
import { openDataKey, type ContentRing, type DataKey } from '@callwire/crypto'
import { callKeys, transcriptions, type Database } from '@callwire/db'
import type { CallJob } from '@callwire/contracts'
import { and, eq, sql } from 'drizzle-orm'

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

type Deps = { database: Database; leases: Leases; contentRing: ContentRing; owner: string }

/**
 * Takes a call's audio stream, or null when another has it or there is nothing left to do. The lease
 * in Redis keeps two transcribers from working; the fence in Postgres keeps the slower of two from
 * writing.
 */
export async function claimCall(deps: Deps, { tenantId, callId }: CallJob): Promise<Claim | null> {
  if (!(await deps.leases.acquire(callId, deps.owner))) return null
  const taken = await deps.database.withTenant(tenantId, async (tx) => {
    const [row] = await tx
      .update(transcriptions)
      .set({ fence: sql`${transcriptions.fence} + 1`, updatedAt: sql`now()` })
      .where(and(eq(transcriptions.callId, callId), eq(transcriptions.state, 'pending')))
      .returning({
        fence: transcriptions.fence,
        ackedId: transcriptions.ackedId,
        ackedMs: transcriptions.ackedMs,
      })
    const [key] = await tx
      .select({ wrapped: callKeys.wrapped })
      .from(callKeys)
      .where(eq(callKeys.callId, callId))
    return row === undefined || key === undefined ? null : { ...row, wrapped: key.wrapped }
  })
  if (taken === null) {
    await deps.leases.release(callId, deps.owner)
    return null
  }
  const { wrapped, ...position } = taken
  const dataKey = openDataKey(deps.contentRing, { tenantId, callId }, wrapped)
  return { tenantId, callId, dataKey, ...position }
}
