import { retentionSweptDetails, type Retention, type RetentionDays } from '@callwire/contracts'
import { auditLog, callHeads, calls, recordings, tenants, type Tx } from '@callwire/db'
import { and, desc, eq, sql, type SQL } from 'drizzle-orm'
import { first } from '../../http/reply.ts'

/** How this tenant's retention stands. What is over here is what the sweeper finds to be over. */
export async function readRetention(tx: Tx, tenantId: string): Promise<Retention> {
  const days = first(
    await tx
      .select({
        audio: tenants.retainAudioDays,
        recordings: tenants.retainRecordingsDays,
        words: tenants.retainWordsDays,
        numbers: tenants.retainNumbersDays,
      })
      .from(tenants)
      .where(eq(tenants.tenantId, tenantId)),
  )
  const { waitingForReceipt, objectsToRemove, ...due } = await countDue(tx, tenantId, days)
  return {
    days,
    due,
    waitingForReceipt,
    objectsToRemove,
    lastSweep: await readLastSweep(tx, tenantId),
  }
}

type Counts = Retention['due'] & Pick<Retention, 'waitingForReceipt' | 'objectsToRemove'>

async function countDue(tx: Tx, tenantId: string, days: RetentionDays): Promise<Counts> {
  const over = (life: number | null) => sql`c.ended_at < now() - ${life}::int * interval '24 hours'`
  const words = sql`select c.id from ${calls} c where c.tenant_id = ${tenantId}
    and c.words_erased_at is null and ${over(days.words)}`
  const numbers = sql`select c.id from ${calls} c where c.tenant_id = ${tenantId}
    and c.number_erased_at is null and ${over(days.numbers)}`
  const kept = sql`select c.id from ${recordings} r
    join ${calls} c on c.tenant_id = r.tenant_id and c.id = r.call_id
    where r.tenant_id = ${tenantId} and r.erased_at is null and ${over(days.recordings)}`
  const open = sql`select due.id from (${words} union ${numbers} union ${kept}) due
    join ${callHeads} h on h.tenant_id = ${tenantId} and h.call_id = due.id
    where h.last_type is distinct from 'call.receipt'`
  const unremoved = sql`select r.id from ${recordings} r where r.tenant_id = ${tenantId}
    and r.erased_at is not null and r.removed_at is null`
  const countOf = (found: SQL) => sql`(select count(*)::int from (${found}) found)`
  const { rows } = await tx.execute<Counts>(sql`
    select ${countOf(kept)} as recordings, ${countOf(words)} as words,
      ${countOf(numbers)} as numbers, ${countOf(open)} as "waitingForReceipt",
      ${countOf(unremoved)} as "objectsToRemove"`)
  return first(rows)
}

async function readLastSweep(tx: Tx, tenantId: string): Promise<Retention['lastSweep']> {
  const [entry] = await tx
    .select({ at: auditLog.at, details: auditLog.details })
    .from(auditLog)
    .where(and(eq(auditLog.tenantId, tenantId), eq(auditLog.action, 'retention.swept')))
    .orderBy(desc(auditLog.id))
    .limit(1)
  if (entry === undefined) return null
  return { at: entry.at.toISOString(), ...retentionSweptDetails.parse(entry.details) }
}
