import { reasonOf } from '@callwire/contracts'
import { calls } from '@callwire/db'
import { changeStatus, loadCall } from '@callwire/ledger'
import { and, asc, eq, isNull, lt, sql } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'
import { forEachCall } from '../for-each-call.ts'

/** Calls are looked at within a second of being due: who asks after this long deserves an answer. */
export const OVERDUE_MS = 10_000
/** Whose calls are due, the longest waiting first; the others' turn comes when these are dialed. */
const tenantsAtOnce = 200
/** Per round: to say that things are slow must not make them slower. */
const batchSize = 200

type Deps = Pick<DialerDeps, 'database' | 'ledger' | 'log'>
type Found = { tenantId: string; callId: string }

/**
 * Has calls say why they wait that are due, but were not looked at: Redis is away, or the seats of
 * their tenant are taken. Said once; whatever happens to such a call next takes it back. Asks
 * Postgres alone, and leaves the call as due as it was.
 */
export async function sweepOverdue(d: Deps, overdueMs = OVERDUE_MS): Promise<void> {
  const due = await d.database.finder.dueCalls(tenantsAtOnce)
  const found: Found[] = []
  for (const tenantId of new Set(due.map((call) => call.tenantId))) {
    if (found.length >= batchSize) break
    found.push(...(await findOverdue(d, { tenantId, overdueMs, most: batchSize - found.length })))
  }
  if (found.length > 0) d.log.warn({ calls: found.length }, 'calls wait for a dialer')
  await forEachCall(found, d.log, ({ tenantId, callId }) =>
    d.ledger.transact(tenantId, callId, async (w) => {
      const call = await loadCall(w.tx, callId)
      // Looked at, dialed or canceled in this very moment.
      if (call?.status !== 'queued' || call.reasonCode !== null) return
      await changeStatus(w, call, { status: 'queued', exception: 'annotate', reason })
    }),
  )
}

const reason = reasonOf(
  'dialer_delayed',
  'The dialer has not come to this call: it is busy, or Redis is away; the call goes on by itself.',
)

/** A tenant's calls that say nothing of why they wait, the longest waiting first. */
function findOverdue(
  d: Pick<Deps, 'database'>,
  o: { tenantId: string; overdueMs: number; most: number },
): Promise<Found[]> {
  const { tenantId, overdueMs, most } = o
  return d.database.withTenant(tenantId, (tx) =>
    tx
      .select({ tenantId: calls.tenantId, callId: calls.id })
      .from(calls)
      .where(
        and(
          eq(calls.tenantId, tenantId),
          eq(calls.status, 'queued'),
          eq(calls.direction, 'outbound'),
          isNull(calls.reasonCode),
          lt(calls.dueAt, sql`now() - ${overdueMs} * interval '1 millisecond'`),
        ),
      )
      .orderBy(asc(calls.dueAt))
      .limit(most),
  )
}
