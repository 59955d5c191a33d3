import { webhookDeliveries } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { sql } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { answer, receiver } from '../test-support/receiver.ts'
import { courierDeps, courierSuite, startTestCourier } from '../test-support/suite.ts'
import { quick, trials } from '../test-support/trials.ts'
import { idOf } from '../test-support/world.ts'
import { MAX_ATTEMPTS } from './back-off.ts'
import { claimMessages } from './claim-messages.ts'
import { writeOutcome } from './write-outcome.ts'

const suite = courierSuite()
const { pathOf, arrives, makeDue } = trials(suite)
let tenantId: string

beforeEach(async () => {
  tenantId = await suite.world.newTenant()
  suite.host.behave(answer(204))
})

test('an endpoint that is slow, or fails, keeps nobody waiting', async () => {
  await using hung = await receiver()
  hung.behave(() => undefined)
  const environment = suite.environment({
    WEBHOOK_ALLOWED_HOSTS: `${suite.host.host},${hung.host}`,
  })
  await using courier = await startTestCourier(environment, {
    limits: { ...quick, sendTimeoutMs: 60_000, lanesPerEndpoint: 3, lanes: 5 },
  })
  const slow = await suite.world.endpoint(tenantId, hung.url, { eventTypes: ['stream.dtmf'] })
  const callId = await suite.world.newCall(tenantId)
  await suite.world.facts(tenantId, callId, 50)
  await eventually(() => hung.received.length === 3)
  const other = await suite.world.newTenant()
  await suite.world.endpoint(other, pathOf('quick'))
  for (let n = 0; n < 5; n += 1) await suite.world.newCall(other)
  await arrives('quick', 5)
  expect(hung.received).toHaveLength(3)
  await eventually(() => courier.context.lanes.size() === 3)
  // Its messages are cut off with the courier, and none counts as tried.
  await courier[Symbol.asyncDispose]()
  expect((await suite.world.deliveries(slow)).map(({ attempts }) => attempts)).toEqual(
    Array.from({ length: 50 }, () => 0),
  )
}, 30_000)

describe('claims', () => {
  const one = async (eventType = 'call.status') => {
    const at = await suite.world.endpoint(tenantId, pathOf('claims'))
    const callId = await suite.world.newCall(tenantId)
    const id = idOf('webhookMessage')
    await suite.world.withTenant(tenantId, (tx) =>
      tx.insert(webhookDeliveries).values({
        ...{ tenantId, id, endpointId: at.endpointId, eventType, callId, seq: 1 },
      }),
    )
    return { at, id }
  }
  const delivered = {
    delivery: { state: 'delivered' },
    status: 200,
    error: null,
    endpoint: 'works',
    disable: null,
  } as const
  const retry = { state: 'retry', waitMs: 0 } as const

  test('of many couriers one gets a message', async () => {
    const { at, id } = await one()
    await using first = await courierDeps(suite.environment())
    await using second = await courierDeps(suite.environment())
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        claimMessages((n % 2 === 0 ? first : second).deps, at, [id]),
      ),
    )
    expect(claims.flat()).toHaveLength(1)
  })

  test('one that ran out belongs to whoever took it next', async () => {
    const { at, id } = await one()
    await using frozen = await courierDeps(suite.environment())
    await using next = await courierDeps(suite.environment())
    const [old] = await claimMessages(frozen.deps, at, [id])
    expect(await claimMessages(next.deps, at, [id])).toEqual([])
    await makeDue(at)
    const [taken] = await claimMessages(next.deps, at, [id])
    expect(taken).toMatchObject({ attempts: 2 })
    if (old === undefined || taken === undefined) throw new Error('not claimed')
    await writeOutcome(frozen.deps, old, delivered)
    expect(await suite.world.deliveries(at)).toMatchObject([{ state: 'pending' }])
    await writeOutcome(next.deps, taken, delivered)
    expect(await suite.world.deliveries(at)).toMatchObject([{ state: 'delivered', attempts: 2 }])
    expect(await claimMessages(next.deps, at, [id])).toEqual([])
  })

  test('are refused for what was tried as often as may be: it is dead', async () => {
    const { at, id } = await one()
    await using courier = await courierDeps(suite.environment())
    await makeDue(at, MAX_ATTEMPTS)
    expect(await claimMessages(courier.deps, at, [id])).toEqual([])
    const [row] = await suite.world.deliveries(at)
    expect(row).toMatchObject({
      ...{ state: 'dead', attempts: MAX_ATTEMPTS, owner: null, lastError: 'not_recorded' },
    })
    expect(row?.finishedAt).not.toBeNull()
  })

  test('are refused for types that the endpoint is not told of any more, but for a trial', async () => {
    await using courier = await courierDeps(suite.environment())
    const removed = await one('transcript.final')
    expect(await claimMessages(courier.deps, removed.at, [removed.id])).toEqual([])
    expect(await suite.world.deliveries(removed.at)).toMatchObject([
      { state: 'dead', attempts: 0, lastError: 'type_removed' },
    ])
    const trial = await one('webhook.test')
    expect(await claimMessages(courier.deps, trial.at, [trial.id])).toHaveLength(1)
  })

  test('wait, as outcomes do, for whoever holds the endpoint, with no message in hand', async () => {
    const { at, id } = await one()
    await using courier = await courierDeps(suite.environment())
    const [claimed] = await claimMessages(courier.deps, at, [id])
    if (claimed === undefined) throw new Error('not claimed')
    const failed = { ...delivered, status: 500, error: 'http_status', endpoint: 'fails' } as const
    for (const work of [
      () => writeOutcome(courier.deps, claimed, { ...failed, delivery: retry }),
      () => claimMessages(courier.deps, at, [id]),
    ]) {
      await makeDue(at)
      let working: Promise<unknown> = Promise.resolve()
      await suite.world.withTenant(tenantId, async (tx) => {
        await tx.execute(sql`select from webhook_endpoints where id = ${at.endpointId} for update`)
        working = work()
        working.catch(() => undefined)
        await eventually(async () => {
          const waiting = await suite.world.sql`
            select from pg_stat_activity where application_name = 'callwire-courier'
              and wait_event_type = 'Lock' and datname = current_database()`
          return waiting.length > 0
        })
        await tx.execute(sql`select from webhook_deliveries where id = ${id} for update nowait`)
      })
      await working
    }
  })

  test('comes with the secrets that are good now, the newest first', async () => {
    const { at, id } = await one()
    await using courier = await courierDeps(suite.environment())
    await suite.world.addSecret(at, new Date(Date.now() - 1))
    await suite.world.addSecret(at, new Date(Date.now() + 60_000))
    const [claimed] = await claimMessages(courier.deps, at, [id])
    const { sql } = suite.world
    const good = await sql<{ id: string }[]>`
      select id from webhook_secrets where endpoint_id = ${at.endpointId}
        and (expires_at is null or expires_at > now()) order by created_at desc, id desc`
    expect(good).toHaveLength(2)
    expect(claimed?.endpoint.secrets.map((secret) => secret.id)).toEqual(good.map((row) => row.id))
  })

  test('holds for longer than an attempt may take', () => {
    expect(limits.claimMs).toBeGreaterThan(2 * limits.sendTimeoutMs)
  })
})
