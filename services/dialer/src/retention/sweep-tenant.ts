import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { auditLog, type Tx } from '@callwire/db'
import { sql } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'
import { decideErasure, erasureKinds, type ErasureKind } from './decide-erasure.ts'
import { eraseOf } from './erase.ts'
import { findDue, lockCalls, readLives } from './find-due.ts'

/** Calls of one transaction: a second or two of work, for which news of these calls has to wait. */
export const BATCH_SIZE = 500

export type TenantSweep = {
  /** Calls of which something went, by kind. */
  erased: Record<ErasureKind, number>
  /** Whether there may be more to do at once. */
  hasMore: boolean
}

type Deps = Pick<DialerDeps, 'database' | 'clock' | 'random'>

/**
 * Erases what is over of one batch of a tenant's calls, and writes down that it did, in one
 * transaction: nothing goes without its line in the audit, and a sweep that was cut short has done
 * nothing. Null while another dialer sweeps this tenant.
 */
export function sweepTenant(
  d: Deps,
  tenantId: string,
  batchSize = BATCH_SIZE,
): Promise<TenantSweep | null> {
  return d.database.withTenant(tenantId, async (tx) => {
    if (!(await isAlone(tx, tenantId))) return null
    const found = await findDue(tx, tenantId, batchSize)
    const { lives, nowMs } = await readLives(tx, tenantId)
    const decided = (await lockCalls(tx, tenantId, found)).map((call) => ({
      callId: call.callId,
      endedAtMs: call.endedAtMs,
      kinds: decideErasure(lives, call, nowMs),
    }))
    const erased = { recordings: 0, words: 0, numbers: 0 }
    for (const kind of erasureKinds) {
      const ids = decided.filter(({ kinds }) => kinds.includes(kind)).map(({ callId }) => callId)
      if (ids.length > 0) await eraseOf[kind](tx, tenantId, ids)
      erased[kind] = ids.length
    }
    const ends = decided.flatMap(({ kinds, endedAtMs }) =>
      kinds.length === 0 || endedAtMs === null ? [] : [endedAtMs],
    )
    if (ends.length > 0) await audit(d, tx, tenantId, { erased, ends })
    return { erased, hasMore: found.length === batchSize && ends.length > 0 }
  })
}

/** One sweep of a tenant at a time, over all dialers; the lock goes with the transaction. */
async function isAlone(tx: Tx, tenantId: string): Promise<boolean> {
  const name = `callwire:retention:${tenantId}`
  const { rows } = await tx.execute<{ got: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as got`,
  )
  return rows[0]?.got === true
}

async function audit(
  { clock, random }: Deps,
  tx: Tx,
  tenantId: string,
  o: { erased: TenantSweep['erased']; ends: readonly number[] },
): Promise<void> {
  const nowMs = clock.now()
  await tx.insert(auditLog).values({
    tenantId,
    id: newId('audit', { nowMs, random: random(ID_RANDOM_BYTES) }),
    at: new Date(nowMs),
    actorKind: 'service',
    actorId: 'dialer',
    action: 'retention.swept',
    details: {
      ...o.erased,
      oldestEndedAt: new Date(Math.min(...o.ends)).toISOString(),
      newestEndedAt: new Date(Math.max(...o.ends)).toISOString(),
    },
  })
}
