import { tenants, type Tx } from '@callwire/db'
import { changeStatus, loadCall, writeReceiptIfDone, type LedgerWork } from '@callwire/ledger'
import { eq, sql } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'
import { expiredReason, hasExpired } from '../dial/decide-expiry.ts'
import { forEachCall } from '../for-each-call.ts'

const batchSize = 500

type Deps = Pick<DialerDeps, 'database' | 'ledger' | 'clock' | 'log'>

/**
 * Fails calls that waited for longer past their time than their tenant lets calls wait, whatever
 * they waited for: nobody wants to be phoned about yesterday.
 */
export async function sweepExpired(d: Deps): Promise<void> {
  const found = await d.database.finder.expiredCalls(batchSize)
  await forEachCall(found, d.log, async ({ tenantId, callId }) => {
    const expired = await d.ledger.transact(tenantId, callId, (w) => expire(d, w))
    if (expired) d.log.info({ callId }, 'call waited too long')
  })
}

/** Decided anew under the lock: it may have been dialed, canceled, or given more time. */
async function expire(d: Deps, w: LedgerWork): Promise<boolean> {
  const call = await loadCall(w.tx, w.callId)
  if (call?.status !== 'queued') return false
  const { expireAfterMs, nowMs } = await readLimit(w.tx, w.tenantId)
  const times = {
    createdAtMs: call.createdAt.getTime(),
    scheduleAtMs: call.scheduleAt?.getTime() ?? null,
  }
  if (expireAfterMs === null || !hasExpired({ ...times, expireAfterMs, nowMs })) return false
  await changeStatus(w, call, { status: 'failed', reason: expiredReason(expireAfterMs) })
  await writeReceiptIfDone(w, d.clock.now())
  return true
}

async function readLimit(tx: Tx, tenantId: string) {
  const [row] = await tx
    .select({
      expireAfterMs: tenants.expireAfterMs,
      nowMs: sql<number>`(extract(epoch from now()) * 1000)::float8`,
    })
    .from(tenants)
    .where(eq(tenants.tenantId, tenantId))
  return row ?? { expireAfterMs: null, nowMs: 0 }
}
