import { testDatabase, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { connectDatabase, tenantCountIn, type Database } from './index.ts'
import { fillTenant, idOf } from './testing/fill-tenant.ts'
import { superClient } from './testing/super-client.ts'

let database: TestDatabase
let sql: postgres.Sql & AsyncDisposable
let dialer: Database
let ingest: Database
const tenants = [idOf('ten', 1), idOf('ten', 2)] as const

beforeAll(async () => {
  database = await testDatabase()
  sql = superClient(database.url)
  await fillTenant(sql, 1)
  await fillTenant(sql, 2)
  const connect = (service: string) =>
    connectDatabase({ url: database.serviceUrl(service), applicationName: 'test' })
  dialer = await connect('dialer')
  ingest = await connect('ingest')
})
afterAll(async () => {
  await Promise.all([dialer.close(), ingest.close()])
  await sql[Symbol.asyncDispose]()
  await database.drop()
})
beforeEach(async () => {
  await sql`delete from calls where id not in (${idOf('cal', 1)}, ${idOf('cal', 2)})`
  await sql`update calls set status = 'canceled', sid = null, ended_at = null, heard_at = null`
})

/** A call of tenant 1 or 2, in a state. */
async function call(n: number, tenant: 1 | 2, columns: Record<string, unknown>): Promise<string> {
  const id = idOf('cal', n)
  await sql`insert into calls ${sql({
    tenant_id: tenants[tenant - 1],
    id,
    phone_id: idOf('phn', tenant),
    direction: 'outbound',
    person_sealed: 'cw1d.x',
    person_masked: '****',
    person_index: 'i',
    ...columns,
  })}`
  return id
}

const ago = (ms: number) => new Date(Date.now() - ms)
const idsOf = (found: { callId: string }[]) => found.map(({ callId }) => callId)

test('due calls come by turns of tenants, by priority within one', async () => {
  const early = { status: 'queued', due_at: ago(60_000) }
  await call(11, 1, early)
  await call(12, 1, early)
  await call(13, 1, { ...early, priority: 9, due_at: ago(1_000) })
  await call(21, 2, { ...early, due_at: ago(10), attempt: 3 })
  await call(22, 2, { status: 'queued', due_at: ago(-60_000) })
  await call(23, 2, { status: 'dialing' })
  const due = await dialer.finder.dueCalls(10)
  expect(idsOf(due)).toEqual([13, 21, 11, 12].map((n) => idOf('cal', n)))
  expect(due[1]).toEqual({ tenantId: tenants[1], callId: idOf('cal', 21), attempt: 3 })
  expect(await dialer.finder.dueCalls(2)).toHaveLength(2)
})

test('stale dials are those without a sid', async () => {
  const stale = await call(11, 1, { status: 'dialing', dialing_at: ago(50_000) })
  await call(12, 1, { status: 'dialing', dialing_at: ago(50_000), sid: 'a' })
  await call(13, 1, { status: 'dialing', dialing_at: ago(10) })
  expect(idsOf(await dialer.finder.staleDialing(40_000, 9))).toEqual([stale])
})

test('unknown calls are due for a look ever less often; bound and parked ones never', async () => {
  const unknown = { status: 'unknown', unknown_at: ago(90_000) }
  const asked = await call(11, 1, { ...unknown, heard_at: ago(50_000) })
  const fresh = await call(12, 2, {
    status: 'unknown',
    unknown_at: ago(6_000),
    heard_at: ago(9_000),
  })
  await call(13, 1, { ...unknown, sid: 'a' })
  await call(14, 1, { ...unknown, reason_code: 'needs_review' })
  await call(15, 1, { ...unknown, heard_at: ago(39_000) })
  await call(16, 1, { status: 'unknown', unknown_at: ago(4_000) })
  expect(idsOf(await dialer.finder.unknownCalls(5_000, 60_000, 9))).toEqual([asked, fresh])
  expect(await dialer.finder.unknownCalls(5_000, 30_000, 9)).toHaveLength(3)
  const old = { status: 'unknown', unknown_at: ago(9_000_000) }
  const longAgo = await call(17, 2, { ...old, heard_at: ago(61_000) })
  await call(18, 2, { ...old, heard_at: ago(59_000) })
  expect(idsOf(await dialer.finder.unknownCalls(5_000, 60_000, 9))).toEqual([longAgo, asked, fresh])
  expect(await dialer.finder.parkedCalls()).toBe(1)
})

test('one tenant’s many unknown or silent calls keep no other’s from their turn', async () => {
  for (let n = 11; n < 16; n += 1) {
    await call(n, 1, { status: 'unknown', unknown_at: ago(90_000) })
    await call(n + 10, 1, { status: 'ringing', sid: `s${n}`, dialed_at: ago(90_000) })
  }
  const unknown = await call(31, 2, { status: 'unknown', unknown_at: ago(70_000) })
  const silent = await call(32, 2, { status: 'ringing', sid: 's32', dialed_at: ago(70_000) })
  expect(idsOf(await dialer.finder.unknownCalls(5_000, 60_000, 2))).toContain(unknown)
  expect(idsOf(await dialer.finder.unpolledCalls(60_000, 480_000, 2))).toContain(silent)
})

test('unpolled calls were placed, have not ended and are silent', async () => {
  const silent = { sid: 'a', dialed_at: ago(90_000) }
  const live = await call(11, 1, { status: 'in-progress', ...silent })
  await call(12, 1, { status: 'in-progress', ...silent, sid: 'b', heard_at: ago(10) })
  await call(13, 1, { status: 'completed', ...silent, sid: 'c' })
  await call(14, 1, { status: 'in-progress', ...silent, sid: 'd', direction: 'inbound' })
  await call(15, 1, { status: 'ringing', dialed_at: ago(90_000) })
  expect(idsOf(await dialer.finder.unpolledCalls(60_000, 480_000, 9))).toEqual([live])
})

test('a call is asked about ever less often, up to the longest wait', async () => {
  const heard = (dialedMs: number, heardMs: number, over: object = {}) => ({
    ...{ status: 'in-progress', sid: `s${dialedMs}`, created_at: ago(dialedMs) },
    ...{ dialing_at: ago(dialedMs), dialed_at: ago(dialedMs), heard_at: ago(heardMs), ...over },
  })
  const due = [
    await call(11, 1, heard(185_000, 99_000)),
    await call(12, 2, heard(9_000_000, 481_000)),
    // Its last step counts, not how old the call is.
    await call(13, 1, heard(9_000_001, 61_000, { answered_at: ago(62_000) })),
    await call(14, 1, heard(9_000_002, 61_000, { unknown_at: ago(61_000) })),
    // A person named its sid just now: nobody has spoken of it.
    await call(15, 2, { ...heard(300_000, 0), heard_at: null, unknown_at: ago(9) }),
  ]
  await call(21, 1, heard(185_001, 85_000))
  await call(22, 2, heard(9_000_003, 450_000))
  const found = await dialer.finder.unpolledCalls(60_000, 480_000, 9)
  expect(idsOf(found).toSorted()).toEqual(due.toSorted())
})

test('unreceipted calls ended a second ago, with something else as their last fact', async () => {
  await sql`update calls set status = 'completed', ended_at = ${ago(5_000)}`
  await sql`update call_heads set last_type = case call_id
    when ${idOf('cal', 1)} then 'call.receipt' else 'call.status' end`
  expect(idsOf(await dialer.finder.unreceiptedCalls(9))).toEqual([idOf('cal', 2)])
  await sql`update calls set ended_at = now()`
  expect(await dialer.finder.unreceiptedCalls(9)).toEqual([])
})

test('waiting callbacks, silent streams and unfinished words are found by age', async () => {
  await sql`update callback_inbox set received_at = ${ago(5_000)}`
  await sql`update media_streams set heartbeat_at = ${ago(20_000)}`
  expect(await dialer.finder.unappliedCallbacks(1_000, 9)).toHaveLength(2)
  expect(await dialer.finder.unappliedCallbacks(60_000, 9)).toEqual([])
  expect(await dialer.finder.staleStreams(15_000, 1)).toHaveLength(1)
  expect(await dialer.finder.staleStreams(60_000, 9)).toEqual([])
  expect(await dialer.finder.pendingTranscriptions(9)).toHaveLength(2)
})

test('checks of credentials are found by age, of every tenant', async () => {
  const old = [3, 4].map((n) => idOf('chk', n))
  for (const [index, id] of [...old, idOf('chk', 5)].entries()) {
    await sql`insert into phone_checks ${sql({
      tenant_id: tenants[index % 2],
      id,
      phone_id: idOf('phn', (index % 2) + 1),
      created_at: ago(index < 2 ? 100_000 - index : 1_000),
    })}`
  }
  const found = await dialer.finder.oldPhoneChecks(60_000, 9)
  expect(found).toEqual(old.map((id, index) => ({ tenantId: tenants[index], id })))
  expect(await dialer.finder.oldPhoneChecks(60_000, 1)).toHaveLength(1)
  await expect(ingest.finder.oldPhoneChecks(1, 9)).rejects.toMatchObject({ code: 'permission' })
})

test('tenants are counted, also within the transaction of one', async () => {
  expect(await dialer.finder.tenantCount()).toBe(2)
  expect(await dialer.withTenant(tenants[0], tenantCountIn)).toBe(2)
})

test('tenants are counted', async () => {
  expect(await dialer.finder.tenantCount()).toBe(2)
  await expect(ingest.finder.tenantCount()).rejects.toMatchObject({ code: 'permission' })
})

test('a sid that two tenants know belongs to nobody', async () => {
  await sql`update calls set sid = 'mine' where id = ${idOf('cal', 1)}`
  expect(await ingest.finder.callBySid('mine')).toEqual({
    tenantId: tenants[0],
    callId: idOf('cal', 1),
  })
  await sql`update calls set sid = 'mine'`
  expect(await ingest.finder.callBySid('mine')).toBeNull()
})

test('tokens and phones are found while they hold', async () => {
  const hash = '1'.padStart(64, '0')
  const token = { tenantId: tenants[0], id: idOf('tok', 1) }
  const phone = { tenantId: tenants[0], phoneId: idOf('phn', 1) }
  expect(await ingest.finder.streamTokenByHash(hash)).toEqual(token)
  expect(await ingest.finder.phoneByIngestKey('i1')).toEqual(phone)
  expect(await ingest.finder.phoneByTokenHash(hash)).toEqual(phone)
  expect(await ingest.finder.phoneById(phone.phoneId)).toEqual({ tenantId: tenants[0] })
  expect(await ingest.finder.callById(idOf('cal', 2))).toEqual({ tenantId: tenants[1] })
  await sql`update stream_tokens set expires_at = now()`
  await sql`update phones set deleted_at = now()`
  expect(await ingest.finder.streamTokenByHash(hash)).toBeNull()
  expect(await ingest.finder.phoneByIngestKey('i1')).toBeNull()
  expect(await ingest.finder.phoneById(phone.phoneId)).toBeNull()
})
