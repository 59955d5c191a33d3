import type { Dialing } from '@callwire/contracts'
import { calls, tenants, type Tx } from '@callwire/db'
import { NEEDS_REVIEW } from '@callwire/ledger'
import { and, count, eq, min, sql } from 'drizzle-orm'
import { first } from '../../http/reply.ts'
import { readInstallDialing } from './install-row.ts'

/** What a queued call waits for: its reason, else its turn, else its time. */
const waitsFor = sql<string>`coalesce(${calls.reasonCode},
  case when ${calls.dueAt} <= now() then 'due' else 'scheduled' end)`

/** How this tenant's dialing stands. */
export async function readDialing(tx: Tx, tenantId: string): Promise<Dialing> {
  const { paused } = first(
    await tx
      .select({ paused: tenants.dialingPaused })
      .from(tenants)
      .where(eq(tenants.tenantId, tenantId)),
  )
  const everybody = await readInstallDialing(tx)
  const waiting = await tx
    .select({ for: waitsFor, calls: count() })
    .from(calls)
    .where(eq(calls.status, 'queued'))
    .groupBy(sql`1`)
  const { oldest } = first(
    await tx
      .select({ oldest: min(calls.dueAt) })
      .from(calls)
      .where(and(eq(calls.status, 'queued'), sql`${calls.dueAt} <= now()`)),
  )
  const { parked } = first(
    await tx
      .select({ parked: count() })
      .from(calls)
      .where(and(eq(calls.status, 'unknown'), eq(calls.reasonCode, NEEDS_REVIEW))),
  )
  return {
    paused,
    pausedForAll: everybody.paused,
    pausedReason: everybody.paused ? everybody.reason : null,
    waiting: Object.fromEntries(waiting.map((row) => [row.for, row.calls])),
    oldestDueAt: oldest?.toISOString() ?? null,
    parked,
  }
}
