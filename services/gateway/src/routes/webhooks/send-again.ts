import { WEBHOOK_TEST_CODE, WEBHOOK_TEST_TYPE } from '@callwire/contracts'
import { webhookDeliveries, type Tx } from '@callwire/db'
import { and, eq, sql, type SQL } from 'drizzle-orm'
import { ApiError, invalidField, notFound } from '../../http/api-error.ts'
import type { NewId } from '../../new-id.ts'
import type { DeliveryRow, WebhookRow } from './webhook-view.ts'

/** What one request may ask for again: a busy tenant's day in several, a receiver is not flooded. */
export const MAX_REPLAYED = 10_000

/** A message is written a moment after its fact; clocks of two machines differ by less than this. */
const SKEW = sql`interval '10 minutes'`

/** A span of time, by when the facts happened. */
export type Span = { since: Date; until: Date; state: DeliveryRow['state'] | undefined }

/**
 * One message, from the first attempt on. Throws ApiError `not_found`, or `conflict` for one of a
 * type that the webhook is not told of any more.
 */
export async function sendOneAgain(tx: Tx, webhook: WebhookRow, id: string): Promise<number> {
  const count = await reset(tx, webhook, [id])
  if (count > 0) return count
  const { endpointId, id: ofMessage } = webhookDeliveries
  const isThere = and(eq(endpointId, webhook.id), eq(ofMessage, id))
  if ((await tx.$count(webhookDeliveries, isThere)) === 0) throw notFound('delivery')
  throw new ApiError(
    'conflict',
    'The webhook is not told of events of this type any more; add the type first.',
  )
}

/** What the webhook is told of now, and what tries it out. */
function typesOf(webhook: WebhookRow): SQL {
  return sql`${sql.param([...webhook.eventTypes, WEBHOOK_TEST_TYPE])}::text[]`
}

/**
 * The messages of a span of time, and unless a state is asked for the facts that have none: those
 * from before the webhook, or from while it was turned off. Gives how many. Throws ApiError
 * `validation_failed` when they are too many for one request.
 */
export async function sendSpanAgain(
  tx: Tx,
  d: { webhook: WebhookRow; span: Span; newId: NewId },
): Promise<number> {
  const { webhook, span } = d
  const messages = await messagesOf(tx, webhook, span)
  const ids = messages.map(({ id }) => id)
  const known = new Set(messages.map(nameOf))
  const facts = span.state === undefined ? await factsOf(tx, webhook, span) : []
  const missing = facts.filter((fact) => !known.has(nameOf(fact)))
  if (ids.length + missing.length > MAX_REPLAYED) {
    throw invalidField(
      'body.until',
      `leaves more than ${MAX_REPLAYED} messages: ask for a shorter span`,
    )
  }
  await reset(tx, webhook, ids)
  await add(tx, webhook, missing, d.newId)
  return ids.length + missing.length
}

/** What a message is about. */
type Fact = { callId: string | null; seq: number | null; alertId: string | null }

function nameOf({ callId, seq, alertId }: Fact): string {
  return alertId ?? `${callId ?? ''} ${seq ?? ''}`
}

async function messagesOf(
  tx: Tx,
  webhook: WebhookRow,
  span: Span,
): Promise<(Fact & { id: string })[]> {
  const { rows } = await tx.execute<Fact & { id: string }>(sql`
    select d.id, d.call_id as "callId", d.seq, d.alert_id as "alertId"
    from webhook_deliveries d
      left join call_events e
        on e.tenant_id = d.tenant_id and e.call_id = d.call_id and e.seq = d.seq
      left join tenant_alerts a on a.tenant_id = d.tenant_id and a.id = d.alert_id
    where d.endpoint_id = ${webhook.id} and d.event_type = any (${typesOf(webhook)})
      and d.created_at >= ${span.since}::timestamptz - ${SKEW}
      and ${within(sql`coalesce(e.at, a.at)`, span)}
      and ${span.state === undefined ? sql`true` : sql`d.state = ${span.state}`}
    limit ${MAX_REPLAYED + 1}`)
  return rows
}

/** Everything that the webhook would be told of. The alert of a test is for the one it tests. */
async function factsOf(
  tx: Tx,
  webhook: WebhookRow,
  span: Span,
): Promise<(Fact & { type: string })[]> {
  const types = sql`${sql.param(webhook.eventTypes)}::text[]`
  const { rows } = await tx.execute<Fact & { type: string }>(sql`
    select e.call_id as "callId", e.seq, null as "alertId", e.type
    from call_heads h
      join call_events e on e.tenant_id = h.tenant_id and e.call_id = h.call_id
    where h.changed_at >= ${span.since}::timestamptz - ${SKEW} and ${within(sql`e.at`, span)}
      and e.type = any (${types})
    union all
    select null, null, a.id, 'alert'
    from tenant_alerts a
    where 'alert' = any (${types}) and ${within(sql`a.at`, span)}
      and a.code <> ${WEBHOOK_TEST_CODE}
    limit ${MAX_REPLAYED + 1}`)
  return rows
}

function within(at: SQL, { since, until }: Span): SQL {
  return sql`(${at} >= ${since}::timestamptz and ${at} < ${until}::timestamptz)`
}

/** To be sent as if never tried. Whoever is at it now loses it: its outcome no longer counts. */
async function reset(tx: Tx, webhook: WebhookRow, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0
  const again = await tx
    .update(webhookDeliveries)
    .set({
      state: 'pending',
      attempts: 0,
      owner: null,
      ownedUntil: null,
      dueAt: sql`now()`,
      finishedAt: null,
    })
    .where(
      and(
        eq(webhookDeliveries.endpointId, webhook.id),
        sql`${webhookDeliveries.eventType} = any (${typesOf(webhook)})`,
        sql`${webhookDeliveries.id} = any (${sql.param(ids)}::text[])`,
      ),
    )
    .returning({ id: webhookDeliveries.id })
  return again.length
}

/** The courier may find the same fact at this moment: then the message is there already. */
async function add(
  tx: Tx,
  webhook: WebhookRow,
  facts: readonly (Fact & { type: string })[],
  newId: NewId,
): Promise<void> {
  if (facts.length === 0) return
  const column = (values: readonly (string | number | null)[], type: SQL) =>
    sql`${sql.param(values)}::${type}[]`
  const text = sql`text`
  await tx.execute(sql`
    insert into webhook_deliveries (tenant_id, id, endpoint_id, event_type, call_id, seq, alert_id)
    select ${webhook.tenantId}, given.id, ${webhook.id}, given.type, given.call_id, given.seq,
      given.alert_id
    from unnest(${column(
      facts.map(() => newId('webhookMessage')),
      text,
    )}, ${column(
      facts.map(({ type }) => type),
      text,
    )}, ${column(
      facts.map(({ callId }) => callId),
      text,
    )}, ${column(
      facts.map(({ seq }) => seq),
      sql`integer`,
    )}, ${column(
      facts.map(({ alertId }) => alertId),
      text,
    )}) as given (id, type, call_id, seq, alert_id)
    on conflict do nothing`)
}
