import { webhookDeliveries } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { limits } from './limits.ts'
import { prune } from './prune.ts'
import { courierDeps, courierSuite } from './test-support/suite.ts'
import { trials } from './test-support/trials.ts'

const suite = courierSuite()
const { start, pathOf, arrives, change } = trials(suite)
let courier: Awaited<ReturnType<typeof courierDeps>>
beforeAll(async () => {
  courier = await courierDeps(suite.environment())
})
afterAll(() => courier[Symbol.asyncDispose]())

const ago = (ms: number) => new Date(Date.now() - ms)
const day = 86_400_000

test('messages and alerts are forgotten a month after they were done, expired secrets at once', async () => {
  const tenantId = await suite.world.newTenant()
  const at = await suite.world.endpoint(tenantId, pathOf('old'), { eventTypes: ['call.status'] })
  const other = await suite.world.newTenant()
  const kept = await suite.world.endpoint(other, pathOf('kept'))
  await suite.world.addSecret(at, ago(1_000))
  await suite.world.raise(tenantId, { at: ago(31 * day) })
  const recent = await suite.world.raise(tenantId, { at: ago(29 * day) })
  {
    await using _running = await start()
    await suite.world.newCall(tenantId)
    await suite.world.newCall(other)
    await Promise.all([arrives('old'), arrives('kept')])
    await eventually(async () => {
      const rows = await Promise.all([suite.world.deliveries(at), suite.world.deliveries(kept)])
      return rows.flat().every(({ state }) => state === 'delivered')
    })
  }
  await prune(courier.deps)
  expect(await suite.world.deliveries(at)).toHaveLength(1)
  await suite.world.withTenant(tenantId, (tx) =>
    tx
      .update(webhookDeliveries)
      .set({ finishedAt: ago(31 * day) })
      .where(eq(webhookDeliveries.endpointId, at.endpointId)),
  )
  await prune(courier.deps)
  expect(await suite.world.deliveries(at)).toEqual([])
  expect(await suite.world.deliveries(kept)).toHaveLength(1)
  const { sql } = suite.world
  expect(await sql`select id from tenant_alerts where tenant_id = ${tenantId}`).toEqual([
    { id: recent },
  ])
  expect(
    await sql`select count(*)::integer as secrets from webhook_secrets
      where endpoint_id = ${at.endpointId}`,
  ).toEqual([{ secrets: 1 }])
})

test('a deleted endpoint’s messages are not sent, and nothing of it but its row is left', async () => {
  const tenantId = await suite.world.newTenant()
  const at = await suite.world.endpoint(tenantId, pathOf('deleted'))
  const callId = await suite.world.newCall(tenantId)
  const { sql } = suite.world
  await sql`insert into webhook_deliveries ${sql({
    ...{ tenant_id: tenantId, id: `msg_${'0'.repeat(24)}`, endpoint_id: at.endpointId },
    ...{ event_type: 'call.status', call_id: callId, seq: 1 },
  })}`
  await sql`insert into webhook_cursors ${sql({
    ...{ tenant_id: tenantId, endpoint_id: at.endpointId, call_id: callId, seq: 1 },
    moved_at: ago(day),
  })}`
  await change(at, { deletedAt: new Date() })
  await using _running = await start()
  const beside = await suite.world.newTenant()
  await suite.world.endpoint(beside, pathOf('deleted-beside'))
  await suite.world.newCall(beside)
  await arrives('deleted-beside')
  await prune(courier.deps)
  expect(suite.host.received.filter(({ path }) => path.endsWith('/deleted'))).toEqual([])
  const left = await sql`
    select (select count(*) from webhook_deliveries where endpoint_id = ${at.endpointId})
      + (select count(*) from webhook_cursors where endpoint_id = ${at.endpointId})
      + (select count(*) from webhook_secrets where endpoint_id = ${at.endpointId}) as rows`
  expect(left).toEqual([{ rows: '0' }])
})

test('a place in a call outlives what counts as news', () => {
  expect(limits.placeKeptMs).toBeGreaterThan(2 * limits.newsMs)
  expect(limits.newsMs).toBeGreaterThan(limits.lookBehindMs)
})
