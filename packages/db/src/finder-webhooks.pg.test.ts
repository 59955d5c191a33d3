import { testDatabase, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectDatabase, type Database } from './index.ts'
import { fillTenant, idOf } from './testing/fill-tenant.ts'
import { superClient } from './testing/super-client.ts'

let database: TestDatabase
let sql: postgres.Sql & AsyncDisposable
let courier: Database
const tenants = [idOf('ten', 1), idOf('ten', 2)] as const

beforeEach(async () => {
  database = await testDatabase()
  sql = superClient(database.url)
  courier = await connectDatabase({
    url: database.serviceUrl('courier'),
    applicationName: 'test',
  })
  await fillTenant(sql, 1)
  await fillTenant(sql, 2)
  await sql`delete from webhook_deliveries`
})
afterEach(async () => {
  await courier.close()
  await sql[Symbol.asyncDispose]()
  await database.drop()
})

const ago = (ms: number) => new Date(Date.now() - ms)
const idsOf = (found: { id: string }[]) => found.map(({ id }) => id)
const day = 86_400_000

/** A message `n`, of the endpoint of tenant 1 or 2 unless told otherwise. */
async function message(n: number, tenant: 1 | 2, over: Record<string, unknown> = {}) {
  const id = idOf('msg', n)
  await sql`insert into webhook_deliveries ${sql({
    tenant_id: tenants[tenant - 1],
    id,
    endpoint_id: idOf('whe', tenant),
    event_type: 'alert',
    alert_id: idOf('alt', n),
    due_at: ago(1_000 * (100 - n)),
    ...over,
  })}`
  return id
}

async function endpoint(n: number, tenant: 1 | 2) {
  const id = idOf('whe', n)
  await sql`insert into webhook_endpoints ${sql({
    tenant_id: tenants[tenant - 1],
    id,
    url: 'https://example.com',
    event_types: ['alert'],
  })}`
  return id
}

const due = async (over: { each?: number; limit?: number; busy?: string[] } = {}) =>
  idsOf(await courier.finder.dueWebhookDeliveries({ each: 9, limit: 99, busy: [], ...over }))

test('due messages come by turns of endpoints, a few of each', async () => {
  const other = await endpoint(3, 1)
  const [a, b, c] = [await message(11, 1), await message(12, 1), await message(13, 1)]
  const beside = await message(14, 1, { endpoint_id: other })
  const foreign = await message(15, 2)
  expect(await due()).toEqual([a, beside, foreign, b, c])
  expect(await due({ each: 2 })).toEqual([a, beside, foreign, b])
  expect(await due({ limit: 2 })).toEqual([a, beside])
  expect(await due({ busy: [other] })).toEqual([a, foreign, b, c])
  expect(await due({ busy: [tenants[0]] })).toEqual([foreign])
  const [first] = await courier.finder.dueWebhookDeliveries({ each: 1, limit: 1, busy: [] })
  expect(first).toEqual({ tenantId: tenants[0], endpointId: idOf('whe', 1), id: a })
})

test('what is done, not due, in somebody’s hands or of an endpoint that is off is not due', async () => {
  const taken = { owner: 'a', owned_until: new Date(Date.now() + 60_000) }
  await message(11, 1, { state: 'delivered', finished_at: ago(1) })
  await message(12, 1, { state: 'dead', finished_at: ago(1) })
  await message(13, 1, { due_at: ago(-60_000) })
  await message(14, 1, taken)
  expect(await due()).toEqual([])
  // Its owner was not heard of in time.
  const left = await message(15, 1, { ...taken, owned_until: ago(1) })
  expect(await due()).toEqual([left])
  await sql`update webhook_endpoints set status = 'disabled', disabled_reason = 'gone'`
  expect(await due()).toEqual([])
  expect(await courier.finder.activeWebhookEndpoints()).toEqual([])
  await sql`update webhook_endpoints set status = 'active', disabled_reason = null`
  expect(await courier.finder.activeWebhookEndpoints()).toHaveLength(2)
  await sql`update webhook_endpoints set deleted_at = now()`
  expect(await due()).toEqual([])
  expect(await courier.finder.activeWebhookEndpoints()).toEqual([])
})

test('a long line of one endpoint is not read to its end', async () => {
  await sql`
    insert into webhook_deliveries (tenant_id, id, endpoint_id, event_type, alert_id, due_at)
    select ${tenants[0]}, 'msg_' || lpad(n::text, 24, '0'), ${idOf('whe', 1)}, 'alert',
      'alt_' || lpad(n::text, 24, '0'), now() - interval '1 hour'
    from generate_series(1000, 20000) n`
  await sql`analyze webhook_deliveries`
  const behind = await message(11, 2)
  expect(await due({ each: 2 })).toHaveLength(3)
  expect(await due({ each: 1 })).toContain(behind)
  const [plan] = await sql`
    explain (analyze, format json) select due.id from webhook_endpoints e cross join lateral (
      select d.id, d.due_at, row_number() over (order by d.due_at, d.id) as turn
      from webhook_deliveries d
      where d.tenant_id = e.tenant_id and d.endpoint_id = e.id and d.state = 'pending'
        and d.due_at <= now() and (d.owned_until is null or d.owned_until < now())
      order by d.due_at, d.id limit 2
    ) due order by due.turn, due.due_at limit 99`
  expect(rowsOf(plan)).toBeLessThan(100)
})

/** The most rows that any step of a plan gave. */
function rowsOf(plan: unknown): number {
  const numbers = [...JSON.stringify(plan).matchAll(/"Actual Rows":\s*([\d.]+)/g)]
  return Math.max(...numbers.map(([, rows]) => Number(rows)))
}

test('what is old goes', async () => {
  const { finder } = courier
  const old = await message(11, 1, { state: 'dead', finished_at: ago(31 * day) })
  await message(12, 1, { state: 'delivered', finished_at: ago(29 * day) })
  await message(13, 1, { due_at: ago(60 * day) })
  expect(idsOf(await finder.oldWebhookDeliveries(30 * day, 9))).toEqual([old])
  await sql`update webhook_endpoints set status = 'disabled', disabled_reason = 'gone'`
  expect(idsOf(await finder.oldWebhookDeliveries(30 * day, 9)).sort()).toEqual([
    old,
    idOf('msg', 13),
  ])
  await sql`update webhook_endpoints set deleted_at = now() where id = ${idOf('whe', 1)}`
  expect(await finder.oldWebhookDeliveries(30 * day, 9)).toHaveLength(3)
  expect(idsOf(await finder.expiredWebhookSecrets(9))).toEqual([idOf('whs', 1)])
  await sql`update webhook_secrets set expires_at = now() - interval '1 second'`
  expect(await finder.expiredWebhookSecrets(9)).toHaveLength(2)
  await sql`update tenant_alerts set at = ${ago(31 * day)} where id = ${idOf('alt', 2)}`
  expect(idsOf(await finder.oldTenantAlerts(30 * day, 9))).toEqual([idOf('alt', 2)])
})

test('a place in a call goes only when the endpoint was looked at long after it', async () => {
  const { finder } = courier
  await sql`update webhook_cursors set moved_at = ${ago(8 * day)}`
  await sql`update webhook_endpoints set scanned_to = ${ago(2 * day)} where id = ${idOf('whe', 1)}`
  expect(await finder.oldWebhookCursors(7 * day, 9)).toEqual([
    { tenantId: tenants[1], endpointId: idOf('whe', 2), callId: idOf('cal', 2) },
  ])
})

test('endpoints are behind that have something to be told, or were not noted for long', async () => {
  const look = { lookBehindMs: 60_000, notedMs: 60_000 }
  const behind = async () => idsOf(await courier.finder.webhookEndpointsBehind(look)).sort()
  const [first, second] = [idOf('whe', 1), idOf('whe', 2)]
  await sql`delete from tenant_alerts`
  expect(await behind()).toEqual([])
  await sql`update call_heads set seq = 2 where tenant_id = ${tenants[0]}`
  expect(await behind()).toEqual([first])
  await sql`update call_heads set changed_at = ${ago(61_000)}`
  expect(await behind()).toEqual([])
  await sql`update call_heads set changed_at = now()`
  await sql`delete from webhook_cursors where tenant_id = ${tenants[1]}`
  expect(await behind()).toEqual([first, second])
  await sql`update webhook_cursors set seq = 2`
  await sql`insert into webhook_cursors (tenant_id, endpoint_id, call_id, seq)
    values (${tenants[1]}, ${second}, ${idOf('cal', 2)}, 1)`
  expect(await behind()).toEqual([])
  await sql`insert into tenant_alerts (tenant_id, id, code, severity, message)
    values (${tenants[1]}, ${idOf('alt', 9)}, 'c', 'warn', 'm')`
  expect(await behind()).toEqual([second])
  await sql`update webhook_endpoints set scanned_to = ${ago(61_000)} where id = ${first}`
  expect(await behind()).toEqual([first, second])
  await sql`update webhook_endpoints set status = 'disabled', disabled_reason = 'gone'`
  expect(await behind()).toEqual([])
})
