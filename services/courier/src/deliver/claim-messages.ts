import { WEBHOOK_TEST_TYPE, type WebhookErrorCode } from '@callwire/contracts'
import {
  callEvents,
  tenantAlerts,
  webhookDeliveries,
  webhookEndpoints,
  webhookSecrets,
  type Tx,
} from '@callwire/db'
import { eventOf } from '@callwire/ledger'
import { and, desc, eq, gt, gte, inArray, isNull, lt, lte, not, or, sql } from 'drizzle-orm'
import type { CourierDeps, EndpointId } from '../deps.ts'
import { MAX_ATTEMPTS } from './back-off.ts'
import type { Subject } from './message-body.ts'

/** An endpoint as its messages need it. */
export type ClaimedEndpoint = EndpointId & {
  readonly url: string
  readonly failingSinceMs: number | null
  /** Newest first. */
  readonly secrets: readonly { id: string; sealed: string }[]
  /** What it is told of now, a trial included. */
  readonly types: readonly string[]
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
 * a byte is sent: a courier that dies on the way holds them until its claim runs out. Dead instead
 * are those of types that the endpoint is not told of any more, and those that were tried as often
 * as may be without an outcome.
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
    const { types } = endpoint
    const claimMs = d.limits.claimMs
    const rows = await take(tx, { tenantId, ids, types, owner: d.owner, claimMs })
    if (rows.length < ids.length) await bury(tx, { tenantId, ids, types })
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

/** Held until the claims are committed: whoever changes or deletes it comes before or after them. */
async function endpointOf(tx: Tx, at: EndpointId): Promise<ClaimedEndpoint | null> {
  const [endpoint] = await tx
    .select({
      url: webhookEndpoints.url,
      failingSince: webhookEndpoints.failingSince,
      eventTypes: webhookEndpoints.eventTypes,
    })
    .from(webhookEndpoints)
    .where(
      and(
        eq(webhookEndpoints.tenantId, at.tenantId),
        eq(webhookEndpoints.id, at.endpointId),
        eq(webhookEndpoints.status, 'active'),
        isNull(webhookEndpoints.deletedAt),
      ),
    )
    .for('key share')
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
  const types = [...endpoint.eventTypes, WEBHOOK_TEST_TYPE]
  return { ...at, url: endpoint.url, failingSinceMs, secrets, types }
}

type Asked = { tenantId: string; ids: readonly string[]; types: readonly string[] }

/** Still due, and in nobody's hands. */
function isDue({ tenantId, ids }: Asked) {
  const { ownedUntil } = webhookDeliveries
  return and(
    eq(webhookDeliveries.tenantId, tenantId),
    inArray(webhookDeliveries.id, [...ids]),
    eq(webhookDeliveries.state, 'pending'),
    lte(webhookDeliveries.dueAt, sql`now()`),
    or(isNull(ownedUntil), lt(ownedUntil, sql`now()`)),
  )
}

const isWanted = ({ types }: Asked) => inArray(webhookDeliveries.eventType, [...types])

function take(tx: Tx, o: Asked & { owner: string; claimMs: number }): Promise<Row[]> {
  return tx
    .update(webhookDeliveries)
    .set({
      owner: o.owner,
      ownedUntil: sql`now() + ${o.claimMs} * interval '1 millisecond'`,
      attempts: sql`${webhookDeliveries.attempts} + 1`,
      lastAttemptAt: sql`now()`,
    })
    .where(and(isDue(o), isWanted(o), lt(webhookDeliveries.attempts, MAX_ATTEMPTS)))
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

const removed: WebhookErrorCode = 'type_removed'
const unknown: WebhookErrorCode = 'not_recorded'

/** Ends what is due and must not be sent. What the last attempt came to stays, where it was written. */
async function bury(tx: Tx, o: Asked): Promise<void> {
  const { lastError } = webhookDeliveries
  await tx
    .update(webhookDeliveries)
    .set({
      state: 'dead',
      finishedAt: sql`now()`,
      owner: null,
      ownedUntil: null,
      lastError: sql`case when ${isWanted(o)} then coalesce(${lastError}, ${unknown}) else ${removed} end`,
    })
    .where(and(isDue(o), or(not(isWanted(o)), gte(webhookDeliveries.attempts, MAX_ATTEMPTS))))
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
