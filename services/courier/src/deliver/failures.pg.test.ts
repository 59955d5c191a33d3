import { beforeEach, describe, expect, test } from 'vitest'
import { answer } from '../test-support/receiver.ts'
import { courierSuite } from '../test-support/suite.ts'
import { metered, trials } from '../test-support/trials.ts'
import { MAX_ATTEMPTS } from './back-off.ts'
import { FAILING_FOR_MS } from './decide-outcome.ts'

const suite = courierSuite()
const { start, pathOf, arrived, arrives, change, makeDue, message, attempted } = trials(suite)
let tenantId: string

beforeEach(async () => {
  tenantId = await suite.world.newTenant()
  suite.host.behave(answer(204))
})

test('is tried again after the wait of the table, and then marks the endpoint as working', async () => {
  await using _courier = await start()
  suite.host.behave(answer(503))
  const at = await suite.world.endpoint(tenantId, pathOf('again'))
  await suite.world.newCall(tenantId)
  const first = await attempted(at)
  expect(first).toMatchObject({ state: 'pending', lastStatus: 503, lastError: 'http_status' })
  const waitMs = first.dueAt.getTime() - (first.lastAttemptAt?.getTime() ?? 0)
  expect(waitMs).toBeGreaterThanOrEqual(5_000)
  expect(waitMs).toBeLessThan(30_000)
  const failing = (await suite.world.endpointRow(at)).failingSince
  expect(failing).not.toBeNull()
  await makeDue(at)
  await attempted(at, 2)
  expect((await suite.world.endpointRow(at)).failingSince).toEqual(failing)
  suite.host.behave(answer(200))
  await makeDue(at)
  await message(at, ({ state }) => state === 'delivered')
  expect((await suite.world.endpointRow(at)).failingSince).toBeNull()
  const ids = arrived('again').map(({ headers }) => headers['webhook-id'])
  expect(ids).toHaveLength(3)
  expect(new Set(ids).size).toBe(1)
})

test('waits for as long as the host asks', async () => {
  await using _courier = await start()
  suite.host.behave(answer(429, { 'retry-after': '3600' }))
  const at = await suite.world.endpoint(tenantId, pathOf('asked'))
  await suite.world.newCall(tenantId)
  const row = await attempted(at)
  const waitMs = row.dueAt.getTime() - (row.lastAttemptAt?.getTime() ?? 0)
  expect(waitMs).toBeGreaterThanOrEqual(3_600_000)
})

test('is dead after the last attempt, and not tried again', async () => {
  await using _courier = await start()
  suite.host.behave(answer(302, { location: pathOf('elsewhere') }))
  const at = await suite.world.endpoint(tenantId, pathOf('dead'))
  await suite.world.newCall(tenantId)
  await attempted(at)
  await makeDue(at, MAX_ATTEMPTS - 1)
  const row = await message(at, ({ state }) => state === 'dead')
  expect(row).toMatchObject({
    attempts: MAX_ATTEMPTS,
    lastStatus: 302,
    lastError: 'redirected',
  })
  expect(arrived('elsewhere')).toEqual([])
  expect(arrived('dead')).toHaveLength(2)
})

test('410 turns the endpoint off, and the tenant’s other endpoints hear of it', async () => {
  await using courier = await start()
  suite.host.behave((received, response, socket) => {
    answer(received.path.endsWith('/gone') ? 410 : 204)(received, response, socket)
  })
  const at = await suite.world.endpoint(tenantId, pathOf('gone'))
  await suite.world.endpoint(tenantId, pathOf('beside'), { eventTypes: ['alert'] })
  await suite.world.newCall(tenantId)
  expect(await message(at, ({ state }) => state === 'dead')).toMatchObject({ lastError: 'gone' })
  expect(await suite.world.endpointRow(at)).toMatchObject({
    status: 'disabled',
    disabledReason: 'gone',
  })
  const [told] = await arrives('beside')
  expect(JSON.parse(told?.body ?? '')).toMatchObject({
    data: { data: { code: 'webhook_disabled', severity: 'warn' } },
  })
  await suite.world.newCall(tenantId)
  await suite.world.endpoint(tenantId, pathOf('control'), { startsAt: new Date(0) })
  await arrives('control', 2)
  expect(arrived('gone')).toHaveLength(1)
  await metered(courier, 'callwire_webhook_endpoints_disabled_total{reason="gone"} 1')
})

test('an endpoint to which nothing gets through for five days is turned off, with one alert', async () => {
  await using _courier = await start()
  suite.host.behave(answer(500))
  const at = await suite.world.endpoint(tenantId, pathOf('failing'))
  await suite.world.newCall(tenantId)
  await attempted(at)
  await change(at, { failingSince: new Date(Date.now() - FAILING_FOR_MS) })
  await makeDue(at, 2)
  const row = await attempted(at, 3)
  // The message itself is kept for when the endpoint is turned on again.
  expect(row.state).toBe('pending')
  expect(await suite.world.endpointRow(at)).toMatchObject({
    status: 'disabled',
    disabledReason: 'failing',
  })
  const { sql } = suite.world
  expect(await sql`select code, about from tenant_alerts where tenant_id = ${tenantId}`).toEqual([
    { code: 'webhook_disabled', about: { webhookId: at.endpointId } },
  ])
  expect(
    await sql`select actor_id, action, target_id, details from audit_log
      where tenant_id = ${tenantId}`,
  ).toEqual([
    {
      actor_id: 'courier',
      action: 'webhook.disabled',
      target_id: at.endpointId,
      details: { reason: 'failing' },
    },
  ])
})

describe('a host that must not be reached', () => {
  test.each([
    ['an address within', 'https://127.0.0.1:1/x', 'address_forbidden'],
    ['the cloud’s own address', 'https://169.254.169.254/latest', 'address_forbidden'],
    ['an address in disguise', 'https://[::ffff:7f00:1]/x', 'address_forbidden'],
    ['a name that means one', 'https://rebound.example/x', 'address_forbidden'],
    ['plain HTTP', 'http://hooks.example/x', 'url_invalid'],
  ])('%s is refused before a byte', async (_what, target, error) => {
    const asked: string[] = []
    const resolve = (name: string) => {
      asked.push(name)
      // A public address first, one within behind it.
      return Promise.resolve([
        { address: '93.184.215.14', family: 4 },
        { address: '169.254.169.254', family: 4 },
      ])
    }
    await using _courier = await start({ resolve })
    const at = await suite.world.endpoint(tenantId, target)
    await suite.world.newCall(tenantId)
    expect(await attempted(at)).toMatchObject({ lastError: error, lastStatus: null })
    expect(asked).toEqual(target.includes('rebound') ? ['rebound.example'] : [])
  })
})
