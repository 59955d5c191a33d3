import { callHeads, webhookCursors, webhookDeliveries, webhookEndpoints } from '@callwire/db'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { CourierDeps, EndpointId } from '../deps.ts'
import { limits } from '../limits.ts'
import { courierDeps, courierSuite } from '../test-support/suite.ts'
import { findFacts } from './find-facts.ts'

const suite = courierSuite()
let courier: Awaited<ReturnType<typeof courierDeps>>
let tenantId: string

beforeAll(async () => {
  courier = await courierDeps(suite.environment())
})
afterAll(() => courier[Symbol.asyncDispose]())
beforeEach(async () => {
  tenantId = await suite.world.newTenant()
})

const url = 'https://hooks.example/'
const bounded = (over: Partial<CourierDeps['limits']>): CourierDeps => ({
  ...courier.deps,
  limits: { ...limits, ...over },
})

/** Looks until nothing is left. */
async function lookAll(at: EndpointId, deps = courier.deps): Promise<number> {
  let messages = 0
  for (;;) {
    const found = await findFacts(deps, at)
    messages += found.messages
    if (!found.more) return messages
  }
}

const told = async (at: EndpointId) =>
  (await suite.world.deliveries(at)).map(({ callId, seq }) => `${String(callId)} ${String(seq)}`)

test('facts of the wanted types become messages, once', async () => {
  const at = await suite.world.endpoint(tenantId, url)
  const callId = await suite.world.newCall(tenantId)
  await suite.world.facts(tenantId, callId, 3)
  expect(await lookAll(at)).toBe(1)
  expect(await suite.world.deliveries(at)).toMatchObject([
    { callId, seq: 1, eventType: 'call.status', state: 'pending', attempts: 0, owner: null },
  ])
  expect(await lookAll(at)).toBe(0)
  const dtmf = await suite.world.endpoint(tenantId, url, {
    eventTypes: ['stream.dtmf'],
    startsAt: new Date(0),
  })
  expect(await lookAll(dtmf)).toBe(3)
  await suite.world.facts(tenantId, callId, 1)
  expect(await lookAll(at)).toBe(0)
  expect(await lookAll(dtmf)).toBe(1)
  expect(await told(dtmf)).toEqual([2, 3, 4, 5].map((seq) => `${callId} ${seq}`))
})

test('what happened before the endpoint was made is not told, what happens after is', async () => {
  const callId = await suite.world.newCall(tenantId)
  await suite.world.raise(tenantId, { at: new Date(Date.now() - 1_000) })
  const at = await suite.world.endpoint(tenantId, url, {
    eventTypes: ['call.status', 'stream.dtmf', 'alert'],
    startsAt: new Date(Date.now() + 5),
  })
  expect(await lookAll(at)).toBe(0)
  await new Promise((resolve) => setTimeout(resolve, 10))
  await suite.world.facts(tenantId, callId, 1)
  expect(await lookAll(at)).toBe(1)
  expect(await told(at)).toEqual([`${callId} 2`])
})

test('more than one look can take is taken in several, each fact once', async () => {
  const at = await suite.world.endpoint(tenantId, url, { eventTypes: ['stream.dtmf'] })
  const calls = []
  for (let n = 0; n < 7; n += 1) {
    const callId = await suite.world.newCall(tenantId)
    await suite.world.facts(tenantId, callId, n)
    calls.push({ callId, facts: n })
  }
  const deps = bounded({ callsAtOnce: 3, factsAtOnce: 2 })
  expect(await findFacts(deps, at)).toMatchObject({ more: true })
  await lookAll(at, deps)
  const wanted = calls.flatMap(({ callId, facts }) =>
    Array.from({ length: facts }, (_, n) => `${callId} ${n + 2}`),
  )
  expect((await told(at)).sort()).toEqual(wanted.sort())
})

test('many couriers that look while facts come find each of them once', async () => {
  await using other = await courierDeps(suite.environment())
  const at = await suite.world.endpoint(tenantId, url, { eventTypes: ['stream.dtmf'] })
  const calls = await Promise.all(Array.from({ length: 4 }, () => suite.world.newCall(tenantId)))
  let done = false
  const writing = Promise.all(
    calls.map(async (callId) => {
      for (let n = 0; n < 20; n += 1) await suite.world.facts(tenantId, callId, 2)
    }),
  ).then(() => {
    done = true
  })
  const small = { callsAtOnce: 2, factsAtOnce: 3 }
  const looking = [courier.deps, other.deps, courier.deps, other.deps].map(async (deps) => {
    while (!done) await findFacts({ ...deps, limits: { ...limits, ...small } }, at)
  })
  await Promise.all([writing, ...looking])
  await lookAll(at)
  const wanted = calls.flatMap((callId) =>
    Array.from({ length: 40 }, (_, n) => `${callId} ${n + 2}`),
  )
  expect((await told(at)).sort()).toEqual(wanted.sort())
})

test('a fact whose transaction took its time is found behind the last look', async () => {
  const at = await suite.world.endpoint(tenantId, url, { startsAt: new Date(0) })
  const callId = await suite.world.newCall(tenantId)
  await suite.world.withTenant(tenantId, async (tx) => {
    const late = sql`now() - ${limits.lookBehindMs - 5_000} * interval '1 millisecond'`
    await tx.update(callHeads).set({ changedAt: late }).where(eq(callHeads.callId, callId))
  })
  expect(await lookAll(at)).toBe(1)
})

test('how far a look has come is noted now and then, with the time before it', async () => {
  const at = await suite.world.endpoint(tenantId, url)
  const before = (await suite.world.endpointRow(at)).scannedTo
  await lookAll(at)
  expect((await suite.world.endpointRow(at)).scannedTo).toEqual(before)
  await lookAll(at, bounded({ noteScanMs: 0 }))
  const after = (await suite.world.endpointRow(at)).scannedTo
  expect(after.getTime()).toBeGreaterThanOrEqual(before.getTime())
  expect(after.getTime()).toBeLessThanOrEqual(Date.now())
})

test('a call whose place was forgotten is not told anew', async () => {
  const at = await suite.world.endpoint(tenantId, url, { eventTypes: ['stream.dtmf'] })
  const callId = await suite.world.newCall(tenantId)
  await suite.world.facts(tenantId, callId, 2)
  await lookAll(at)
  await courier.deps.database.withTenant(tenantId, async (tx) => {
    await tx.delete(webhookCursors).where(eq(webhookCursors.endpointId, at.endpointId))
    await tx.delete(webhookDeliveries).where(eq(webhookDeliveries.endpointId, at.endpointId))
    const scannedTo = sql`clock_timestamp() + interval '5 milliseconds'`
    await tx
      .update(webhookEndpoints)
      .set({ scannedTo })
      .where(eq(webhookEndpoints.id, at.endpointId))
  })
  await new Promise((resolve) => setTimeout(resolve, 10))
  await suite.world.facts(tenantId, callId, 1)
  expect(await lookAll(at, bounded({ newsMs: 0 }))).toBe(1)
  expect(await told(at)).toEqual([`${callId} 4`])
})

test('alerts about no call are told once, but for trials and to whoever wants none', async () => {
  const at = await suite.world.endpoint(tenantId, url, { eventTypes: ['alert'] })
  const none = await suite.world.endpoint(tenantId, url, { eventTypes: ['call.status'] })
  const alertId = await suite.world.raise(tenantId)
  await suite.world.raise(tenantId, { code: 'webhook_test' })
  expect(await lookAll(at)).toBe(1)
  expect(await lookAll(at)).toBe(0)
  expect(await lookAll(none)).toBe(0)
  expect(await suite.world.deliveries(at)).toMatchObject([
    { alertId, callId: null, seq: null, eventType: 'alert' },
  ])
})

test('an endpoint hears of its own tenant alone', async () => {
  const at = await suite.world.endpoint(tenantId, url)
  const other = await suite.world.newTenant()
  await suite.world.newCall(other)
  await suite.world.raise(other)
  expect(await lookAll(at)).toBe(0)
  // Nor does it, asked under another tenant.
  expect(await lookAll({ tenantId: other, endpointId: at.endpointId })).toBe(0)
})

test.each([
  ['off', { status: 'disabled', disabledReason: 'person' } as const],
  ['deleted', { deletedAt: new Date() }],
])('an endpoint that is %s is not looked at', async (_what, set) => {
  const at = await suite.world.endpoint(tenantId, url)
  await suite.world.newCall(tenantId)
  await suite.world.withTenant(tenantId, (tx) =>
    tx.update(webhookEndpoints).set(set).where(eq(webhookEndpoints.id, at.endpointId)),
  )
  expect(await lookAll(at)).toBe(0)
})
