import { ID_RANDOM_BYTES, newId, WEBHOOK_TEST_CODE } from '@callwire/contracts'
import { webhookEndpoints, type Tx } from '@callwire/db'
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { CourierDeps, EndpointId } from '../deps.ts'
import { planMessages, type FoundFact, type Plan } from './plan-messages.ts'

type Deps = Pick<CourierDeps, 'database' | 'limits' | 'clock' | 'random'>

type Look = EndpointId & {
  types: readonly string[]
  /** Heads that changed after this moment. */
  since: Date
  /** Facts from this moment on, of calls that the endpoint was told of before. */
  startsAt: Date
  /** The same of calls that it has no place in. */
  newsFrom: Date
}

export type Found = { messages: number; more: boolean }
const nothing: Found = { messages: 0, more: false }

/** Far more than anybody raises between two looks. */
const alertsAtOnce = 1_000

/**
 * One look at what an endpoint has not been told: writes its messages and how far it has been told,
 * in one transaction, so that no fact is passed over and none is a message twice. Of several
 * couriers one looks at an endpoint.
 */
export async function findFacts(d: Deps, at: EndpointId): Promise<Found> {
  const { tenantId, endpointId } = at
  return d.database.withTenant(tenantId, async (tx) => {
    const endpoint = await lookAt(tx, at)
    if (endpoint?.mine !== true) return nothing
    const { eventTypes: types, startsAt, scannedTo, now } = endpoint
    const { limits } = d
    const since = new Date(scannedTo.getTime() - limits.lookBehindMs)
    const newsFrom = new Date(Math.max(startsAt.getTime(), scannedTo.getTime() - limits.newsMs))
    const look = { tenantId, endpointId, types, since, startsAt, newsFrom }

    const plan = planMessages(await factsOf(tx, look, limits), limits)
    const alerts = types.includes('alert') ? await alertsOf(tx, look) : []
    const newMessageId = () =>
      newId('webhookMessage', { nowMs: d.clock.now(), random: d.random(ID_RANDOM_BYTES) })
    await writeMessages(tx, at, [
      ...plan.messages.map((fact) => ({ ...fact, alertId: null, id: newMessageId() })),
      ...alerts.map(({ id }) => ({
        ...{ callId: null, seq: null, type: 'alert' },
        ...{ alertId: id, id: newMessageId() },
      })),
    ])
    await writePlaces(tx, at, plan.places)
    const more = plan.more || alerts.length === alertsAtOnce
    if (!more && now.getTime() - scannedTo.getTime() >= limits.noteScanMs) {
      await tx
        .update(webhookEndpoints)
        .set({ scannedTo: now })
        .where(and(eq(webhookEndpoints.tenantId, tenantId), eq(webhookEndpoints.id, endpointId)))
    }
    return { messages: plan.messages.length + alerts.length, more }
  })
}

/** The endpoint, the database's time before anything is looked at, and whether the look is ours. */
async function lookAt(tx: Tx, { tenantId, endpointId }: EndpointId) {
  const [row] = await tx
    .select({
      eventTypes: webhookEndpoints.eventTypes,
      startsAt: webhookEndpoints.startsAt,
      scannedTo: webhookEndpoints.scannedTo,
      now: sql<Date>`clock_timestamp()::timestamptz(3)`.mapWith(webhookEndpoints.scannedTo),
      mine: sql<boolean>`pg_try_advisory_xact_lock(hashtextextended(${`webhook look ${endpointId}`}, 0))`,
    })
    .from(webhookEndpoints)
    .where(
      and(
        eq(webhookEndpoints.tenantId, tenantId),
        eq(webhookEndpoints.id, endpointId),
        eq(webhookEndpoints.status, 'active'),
        isNull(webhookEndpoints.deletedAt),
      ),
    )
  return row ?? null
}

/** Calls that moved on since, each with its facts of the wanted types behind the endpoint's place. */
async function factsOf(tx: Tx, look: Look, limits: CourierDeps['limits']): Promise<FoundFact[]> {
  const { tenantId, endpointId, types, since, startsAt, newsFrom } = look
  const found = await tx.execute<FoundFact>(sql`
    select h.call_id as "callId", h.seq as head, f.seq, f.type
    from (
      select h.call_id, h.seq, h.changed_at, coalesce(c.seq, 0) as told,
        case when c.seq is null then ${at(newsFrom)} else ${at(startsAt)} end as from_at
      from call_heads h left join webhook_cursors c on c.tenant_id = h.tenant_id
        and c.endpoint_id = ${endpointId} and c.call_id = h.call_id
      where h.tenant_id = ${tenantId} and h.changed_at > ${at(since)}
        and h.seq > coalesce(c.seq, 0)
      order by h.changed_at, h.call_id limit ${limits.callsAtOnce}
    ) h left join lateral (
      select e.seq, e.type from call_events e
      where e.tenant_id = ${tenantId} and e.call_id = h.call_id
        and e.seq > h.told and e.seq <= h.seq
        and e.type = any (${sql.param(types)}::text[]) and e.at >= h.from_at
      order by e.seq limit ${limits.factsAtOnce}
    ) f on true
    order by h.changed_at, h.call_id, f.seq`)
  return found.rows
}

/** But for trials, which whoever asked for one has addressed to one endpoint. */
async function alertsOf(tx: Tx, look: Look): Promise<{ id: string }[]> {
  const { tenantId, endpointId, since, startsAt } = look
  const found = await tx.execute<{ id: string }>(sql`
    select a.id from tenant_alerts a
    where a.tenant_id = ${tenantId} and a.at > ${at(since)} and a.at >= ${at(startsAt)}
      and a.code <> ${WEBHOOK_TEST_CODE} and not exists (
        select from webhook_deliveries d
        where d.tenant_id = a.tenant_id and d.endpoint_id = ${endpointId} and d.alert_id = a.id
      )
    order by a.at limit ${alertsAtOnce}`)
  return found.rows
}

type NewMessage = {
  id: string
  type: string
  callId: string | null
  seq: number | null
  alertId: string | null
}

async function writeMessages(tx: Tx, at: EndpointId, messages: readonly NewMessage[]) {
  if (messages.length === 0) return
  const column = <Key extends keyof NewMessage>(key: Key) => sql.param(messages.map((m) => m[key]))
  await tx.execute(sql`
    insert into webhook_deliveries
      (tenant_id, endpoint_id, id, event_type, call_id, seq, alert_id)
    select ${at.tenantId}, ${at.endpointId}, m.* from unnest(
      ${column('id')}::text[], ${column('type')}::text[], ${column('callId')}::text[],
      ${column('seq')}::integer[], ${column('alertId')}::text[]
    ) m on conflict do nothing`)
}

async function writePlaces(tx: Tx, at: EndpointId, places: Plan['places']) {
  if (places.length === 0) return
  await tx.execute(sql`
    insert into webhook_cursors (tenant_id, endpoint_id, call_id, seq)
    select ${at.tenantId}, ${at.endpointId}, p.* from unnest(
      ${sql.param(places.map((place) => place.callId))}::text[],
      ${sql.param(places.map((place) => place.seq))}::integer[]
    ) p
    on conflict (tenant_id, endpoint_id, call_id) do update
    set seq = greatest(webhook_cursors.seq, excluded.seq), moved_at = now()`)
}

function at(moment: Date) {
  return sql`${moment.toISOString()}::timestamptz`
}
