import { ID_RANDOM_BYTES, newId, type Alert } from '@callwire/contracts'
import {
  auditLog,
  commitBehind,
  tenantAlerts,
  webhookDeliveries,
  webhookEndpoints,
  type Tx,
} from '@callwire/db'
import { and, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import type { CourierDeps } from '../deps.ts'
import type { Claimed } from './claim-messages.ts'
import type { Outcome } from './decide-outcome.ts'

type Deps = Pick<
  CourierDeps,
  'database' | 'doorbell' | 'owner' | 'metrics' | 'clock' | 'random' | 'log'
>

const sentences = {
  gone: 'A webhook endpoint was turned off: its host answered 410 Gone. Enable it again when it is back.',
  failing:
    'A webhook endpoint was turned off: nothing got through to it for five days. Enable it again when it is back.',
} as const

/** Writes what became of an attempt, unless the claim was lost; turns the endpoint off if need be. */
export async function writeOutcome(d: Deps, message: Claimed, outcome: Outcome): Promise<void> {
  const { tenantId, endpointId } = message.endpoint
  const written = await d.database.withTenant(tenantId, async (tx) => {
    holdEndpoint(tx, message)
    if (!(await writeDelivery(tx, d.owner, message, outcome))) return null
    if (outcome.endpoint === 'works') await markWorking(tx, message)
    if (outcome.endpoint === 'fails') await markFailing(tx, message)
    if (outcome.disable === null) return { alert: null }
    const turnedOff = await turnOff(tx, message, outcome.disable)
    return { alert: turnedOff ? await raise(d, tx, message, outcome.disable) : null }
  })
  if (written === null) {
    d.log.warn({ endpointId, messageId: message.id }, 'claim lost')
    return
  }
  d.metrics.attempt(outcome.error ?? 'delivered')
  if (outcome.delivery.state === 'delivered') {
    d.metrics.delivered((d.clock.now() - message.createdAtMs) / 1_000)
  }
  if (written.alert !== null && outcome.disable !== null) {
    d.metrics.disabled(outcome.disable)
    d.log.warn({ tenantId, endpointId, reason: outcome.disable }, 'endpoint turned off')
    await d.doorbell.ringAlert(tenantId, written.alert)
  }
}

/** Gives a message back whose attempt was cut off by our own end: it counts as none. */
export async function giveBack(
  d: Pick<CourierDeps, 'database' | 'owner'>,
  message: Claimed,
): Promise<void> {
  await d.database.withTenant(message.endpoint.tenantId, async (tx) => {
    holdEndpoint(tx, message)
    await tx
      .update(webhookDeliveries)
      .set({ owner: null, ownedUntil: null, attempts: message.attempts - 1 })
      .where(isOurs(d.owner, message))
  })
}

/**
 * Whoever locks an endpoint and messages of it locks the endpoint first, couriers and people alike:
 * in two orders they would wait for each other. Goes ahead of the next statement, which waits for it.
 */
function holdEndpoint(tx: Tx, message: Claimed): void {
  const { id } = webhookEndpoints
  commitBehind(
    tx,
    tx.select({ id }).from(webhookEndpoints).where(isEndpoint(message)).for('key share').execute(),
  )
}

/** A claim that ran out may be another courier's by now: its attempt has another number. */
function isOurs(owner: string, message: Claimed) {
  return and(
    eq(webhookDeliveries.tenantId, message.endpoint.tenantId),
    eq(webhookDeliveries.id, message.id),
    eq(webhookDeliveries.owner, owner),
    eq(webhookDeliveries.attempts, message.attempts),
    eq(webhookDeliveries.state, 'pending'),
  )
}

async function writeDelivery(tx: Tx, owner: string, message: Claimed, outcome: Outcome) {
  const { delivery, status, error } = outcome
  const ends =
    delivery.state === 'retry'
      ? { dueAt: sql`now() + ${delivery.waitMs} * interval '1 millisecond'` }
      : { state: delivery.state, finishedAt: sql`now()` }
  const written = await tx
    .update(webhookDeliveries)
    .set({ ...ends, owner: null, ownedUntil: null, lastStatus: status, lastError: error })
    .where(isOurs(owner, message))
    .returning({ id: webhookDeliveries.id })
  return written.length > 0
}

function isEndpoint({ endpoint }: Claimed) {
  return and(
    eq(webhookEndpoints.tenantId, endpoint.tenantId),
    eq(webhookEndpoints.id, endpoint.endpointId),
  )
}

async function markWorking(tx: Tx, message: Claimed) {
  await tx
    .update(webhookEndpoints)
    .set({ failingSince: null })
    .where(and(isEndpoint(message), isNotNull(webhookEndpoints.failingSince)))
}

async function markFailing(tx: Tx, message: Claimed) {
  await tx
    .update(webhookEndpoints)
    .set({ failingSince: sql`now()` })
    .where(and(isEndpoint(message), isNull(webhookEndpoints.failingSince)))
}

async function turnOff(tx: Tx, message: Claimed, reason: 'gone' | 'failing') {
  const turned = await tx
    .update(webhookEndpoints)
    .set({ status: 'disabled', disabledReason: reason })
    .where(and(isEndpoint(message), eq(webhookEndpoints.status, 'active')))
    .returning({ id: webhookEndpoints.id })
  return turned.length > 0
}

/** An alert to the tenant, and a row of the audit beside those of people who turn endpoints off. */
async function raise(d: Deps, tx: Tx, { endpoint }: Claimed, reason: 'gone' | 'failing') {
  const { tenantId, endpointId } = endpoint
  const nowMs = d.clock.now()
  const newIdOf = (kind: 'alert' | 'audit') =>
    newId(kind, { nowMs, random: d.random(ID_RANDOM_BYTES) })
  const at = new Date(nowMs)
  const data: Alert = { code: 'webhook_disabled', severity: 'warn', message: sentences[reason] }
  const about = { webhookId: endpointId }
  await tx.insert(tenantAlerts).values({ tenantId, id: newIdOf('alert'), ...data, about, at })
  await tx.insert(auditLog).values({
    tenantId,
    id: newIdOf('audit'),
    at,
    actorKind: 'service',
    actorId: 'courier',
    action: 'webhook.disabled',
    targetKind: 'webhook',
    targetId: endpointId,
    details: { reason },
  })
  return { type: 'alert' as const, at: at.toISOString(), data }
}
