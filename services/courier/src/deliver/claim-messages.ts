import {
  callEvents,
  tenantAlerts,
  webhookDeliveries,
  webhookEndpoints,
  webhookSecrets,
  type Tx,
} from '@callwire/db'
import { eventOf } from '@callwire/ledger'
import { and, desc, eq, gt, inArray, isNull, lt, lte, or, sql } from 'drizzle-orm'
import type { CourierDeps, EndpointId } from '../deps.ts'
import type { Subject } from './message-body.ts'

/** An endpoint as its messages need it. */
export type ClaimedEndpoint = EndpointId & {
  readonly url: string
  readonly failingSinceMs: number | null
  /** Newest first. */
  readonly secrets: readonly { id: string; sealed: string }[]
}

/** A message in our hands. */
export type Claimed = {
  readonly id: string
  readonly endpoint: ClaimedEndpoint
  /** Which attempt this is, from 1: also the proof that the claim is still ours. */
  readonly attempts: number
  readonly createdAtMs: number
  /** Null when what it is about is no longer there. */
  readonly subject: Subject | null
}

type Row = Pick<
  typeof webhookDeliveries.$inferSelect,
  'id' | 'eventType' | 'callId' | 'seq' | 'alertId' | 'attempts' | 'createdAt'
>

/**
 * Takes those of an endpoint's messages that are still due and in nobody's hands. Committed before
 * a byte is sent: a courier that dies on the way holds them until its claim runs out.
 */
export async function claimMessages(
  d: Pick<CourierDeps, 'database' | 'owner' | 'limits'>,
  at: EndpointId,
  ids: readonly string[],
): Promise<Claimed[]> {
  const { tenantId } = at
  return d.database.withTenant(tenantId, async (tx) => {
    const endpoint = await endpointOf(tx, at)
    if (endpoint === null) return []
    const rows = await take(tx, { tenantId, ids, owner: d.owner, claimMs: d.limits.claimMs })
    const subjects = await subjectsOf(tx, tenantId, rows)
    return rows.map((row) => ({
      id: row.id,
      endpoint,
      attempts: row.attempts,
      createdAtMs: row.createdAt.getTime(),
      subject: subjects(row),
    }))
  })
}

async function endpointOf(tx: Tx, at: EndpointId): Promise<ClaimedEndpoint | null> {
  const [endpoint] = await tx
    .select({ url: webhookEndpoints.url, failingSince: webhookEndpoints.failingSince })
    .from(webhookEndpoints)
    .where(
      and(
        eq(webhookEndpoints.tenantId, at.tenantId),
        eq(webhookEndpoints.id, at.endpointId),
        eq(webhookEndpoints.status, 'active'),
        isNull(webhookEndpoints.deletedAt),
      ),
    )
  if (endpoint === undefined) return null
  const secrets = await tx
    .select({ id: webhookSecrets.id, sealed: webhookSecrets.sealed })
    .from(webhookSecrets)
    .where(
      and(
        eq(webhookSecrets.tenantId, at.tenantId),
        eq(webhookSecrets.endpointId, at.endpointId),
        or(isNull(webhookSecrets.expiresAt), gt(webhookSecrets.expiresAt, sql`now()`)),
      ),
    )
    .orderBy(desc(webhookSecrets.createdAt), desc(webhookSecrets.id))
  const failingSinceMs = endpoint.failingSince?.getTime() ?? null
  return { ...at, url: endpoint.url, failingSinceMs, secrets }
}

function take(
  tx: Tx,
  o: { tenantId: string; ids: readonly string[]; owner: string; claimMs: number },
): Promise<Row[]> {
  const { ownedUntil } = webhookDeliveries
  return tx
    .update(webhookDeliveries)
    .set({
      owner: o.owner,
      ownedUntil: sql`now() + ${o.claimMs} * interval '1 millisecond'`,
      attempts: sql`${webhookDeliveries.attempts} + 1`,
      lastAttemptAt: sql`now()`,
    })
    .where(
      and(
        eq(webhookDeliveries.tenantId, o.tenantId),
        inArray(webhookDeliveries.id, [...o.ids]),
        eq(webhookDeliveries.state, 'pending'),
        lte(webhookDeliveries.dueAt, sql`now()`),
        or(isNull(ownedUntil), lt(ownedUntil, sql`now()`)),
      ),
    )
    .returning({
      id: webhookDeliveries.id,
      eventType: webhookDeliveries.eventType,
      callId: webhookDeliveries.callId,
      seq: webhookDeliveries.seq,
      alertId: webhookDeliveries.alertId,
      attempts: webhookDeliveries.attempts,
      createdAt: webhookDeliveries.createdAt,
    })
}

/** What the messages are about, as it stands now. */
async function subjectsOf(tx: Tx, tenantId: string, rows: readonly Row[]) {
  const factsOf = new Map<string, Subject>()
  const facts = rows.filter(({ callId }) => callId !== null)
  if (facts.length > 0) {
    const places = facts.map(({ callId, seq }) => sql`(${callId}, ${seq}::integer)`)
    const events = await tx
      .select()
      .from(callEvents)
      .where(
        and(
          eq(callEvents.tenantId, tenantId),
          sql`(${callEvents.callId}, ${callEvents.seq}) in (${sql.join(places, sql`, `)})`,
        ),
      )
    for (const row of events) {
      factsOf.set(`${row.callId} ${row.seq}`, { kind: 'event', event: eventOf(row) })
    }
  }
  const alertIds = rows.flatMap(({ alertId }) => alertId ?? [])
  const alerts =
    alertIds.length === 0
      ? []
      : await tx
          .select()
          .from(tenantAlerts)
          .where(and(eq(tenantAlerts.tenantId, tenantId), inArray(tenantAlerts.id, alertIds)))
  return (row: Row): Subject | null => {
    if (row.callId !== null) return factsOf.get(`${row.callId} ${String(row.seq)}`) ?? null
    const alert = alerts.find(({ id }) => id === row.alertId)
    if (alert === undefined) return null
    return { kind: 'alert', type: row.eventType, atMs: alert.at.getTime(), alert }
  }
}
