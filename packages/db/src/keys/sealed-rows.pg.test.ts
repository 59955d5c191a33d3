import { testDatabase, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connectDatabase, sealedPlaces } from '../index.ts'
import type { Database, KeyStore, SealedPlace } from '../index.ts'
import { fillTenant, idOf } from '../testing/fill-tenant.ts'
import { superClient } from '../testing/super-client.ts'

let database: TestDatabase
let sql: postgres.Sql & AsyncDisposable
let dialer: Database
let keys: KeyStore
const tenants = [idOf('ten', 1), idOf('ten', 2)] as const

beforeAll(async () => {
  database = await testDatabase()
  sql = superClient(database.url)
  await fillTenant(sql, 1)
  await fillTenant(sql, 2)
  dialer = await connectDatabase({
    url: database.serviceUrl('dialer'),
    applicationName: 'test',
  })
  keys = dialer.keys
})
afterAll(async () => {
  await dialer.close()
  await sql[Symbol.asyncDispose]()
  await database.drop()
})

/** Every sealed column of a tenant under one key. */
const sealAll = (tenant: string, kid: string) =>
  sql.unsafe(`
    update phone_credentials set enc_api_key = 'cw1c.${kid}.a.b', enc_api_token = 'cw1c.${kid}.c.d'
      where tenant_id = '${tenant}';
    update calls set person_sealed = 'cw1d.${kid}.a.b', metadata_sealed = 'cw1d.${kid}.a.b',
      recording_url_sealed = 'cw1d.${kid}.a.b' where tenant_id = '${tenant}';
    update call_keys set wrapped = 'cw1k.${kid}.a.b' where tenant_id = '${tenant}';
    update callback_inbox set body_sealed = 'cw1d.${kid}.a.b' where tenant_id = '${tenant}';
    update idempotency_keys set fingerprint = 'cw1d.${kid}.a.b' where tenant_id = '${tenant}';
    update never_call set person_sealed = 'cw1d.${kid}.a.b' where tenant_id = '${tenant}';
    update recordings set wrapped = 'cw1k.${kid}.a.b', erased_at = null where tenant_id = '${tenant}';
    update webhook_secrets set sealed = 'cw1c.${kid}.a.b' where tenant_id = '${tenant}';
  `)
beforeEach(async () => {
  await sealAll(tenants[0], 'k1')
  await sealAll(tenants[1], 'k2')
})

/** The rows of a place in the order they come in, read `limit` at a time. */
async function walk(place: SealedPlace, kid: string | null, limit: number) {
  const found: { tenantId: string; id: string }[] = []
  for (let rows = [{ tenantId: '', id: '' }]; ; found.push(...rows)) {
    const last = rows.at(-1)
    if (last === undefined) return found
    const cursor = { afterTenant: last.tenantId, afterId: last.id }
    rows = await keys.sealedRows({ place, kid, ...cursor, limit })
  }
}

const rowOf: Record<SealedPlace, 'phn' | 'cal' | 'cbk' | 'nvc' | 'rec' | 'whs'> = {
  phone_credentials: 'phn',
  'calls.person': 'cal',
  'calls.metadata': 'cal',
  'calls.recording_url': 'cal',
  call_keys: 'cal',
  callback_inbox: 'cbk',
  idempotency_keys: 'cal',
  never_call: 'nvc',
  recordings: 'rec',
  webhook_secrets: 'whs',
}

describe.each(sealedPlaces)('%s', (place) => {
  test('is found by the key that each row names', async () => {
    const named = (await keys.keyIds()).filter((one) => one.place === place)
    expect(named.map(({ kid }) => kid)).toEqual(['k1', 'k2'])
    expect(await keys.keyRows(place, 'k1')).toBe(1)
    expect(await keys.keyRows(place, 'k3')).toBe(0)
    const [one, two] = [1, 2].map((n) => ({
      tenantId: idOf('ten', n),
      id: idOf(rowOf[place], n),
    }))
    expect(await walk(place, 'k2', 5)).toEqual([two])
    expect(await walk(place, 'k3', 5)).toEqual([])
    expect(await walk(place, null, 1)).toEqual([one, two])
  })
})

test('what names no key is of no key: other forms, other keys, hostile ids', async () => {
  await sql`update calls set metadata_sealed = null, recording_url_sealed = 'cw1e.salt.body',
    person_sealed = 'cw1d.NOT-AN-ID.a.b'`
  await sql`update idempotency_keys set fingerprint = 'k1.aGFzaA'`
  await sql`update call_keys set wrapped = ${`cw1k.${'k'.repeat(33)}.a.b`}`
  await sql`update callback_inbox set body_sealed = 'cw1d.k1'`
  await sql`update never_call set person_sealed = 'cw1d.'`
  await sql`update recordings set wrapped = 'cw1k.K1.a.b' where tenant_id = ${tenants[0]}`
  await sql`update recordings set wrapped = null, erased_at = now() where tenant_id = ${tenants[1]}`
  await sql`update webhook_secrets set sealed = 'cw1c.K1.a.b'`
  const named = await keys.keyIds()
  expect(new Set(named.map(({ place }) => place))).toEqual(new Set(['phone_credentials']))
})

test('a call whose number was erased has nothing sealed to stand there', async () => {
  await sql`update calls set person_sealed = null, person_index = null, metadata_sealed = null,
    number_erased_at = now() where tenant_id = ${tenants[0]}`
  const kept = { tenantId: idOf('ten', 2), id: idOf('cal', 2) }
  expect(await walk('calls.person', null, 1)).toEqual([kept])
  await sql`update calls set person_sealed = 'cw1d.k1.a.b', person_index = 'i',
    number_erased_at = null where tenant_id = ${tenants[0]}`
  expect(await walk('calls.person', null, 1)).toHaveLength(2)
})

test('the longest key id is named whole', async () => {
  const kid = `k${'-'.repeat(31)}`
  await sealAll(tenants[0], kid)
  for (const place of sealedPlaces)
    expect([place, await keys.keyRows(place, kid)]).toEqual([place, 1])
})

test('no place but the listed is ever asked', async () => {
  for (const name of ['users', 'calls', '', 'calls; select 1']) {
    const place = name as SealedPlace
    await expect(keys.keyRows(place, 'k1')).rejects.toMatchObject({ code: 'invalid' })
    await expect(walk(place, null, 1)).rejects.toMatchObject({ code: 'invalid' })
  }
})

test('open calls that were dialed before a moment', async () => {
  const at = new Date('2026-01-02T03:04:05Z')
  const before = new Date(at.getTime() - 1)
  expect(await keys.openCallsDialedBefore(at)).toBe(0)
  await sql`update calls set dialing_at = ${before} where tenant_id = ${tenants[0]}`
  await sql`update calls set dialing_at = ${at} where tenant_id = ${tenants[1]}`
  expect(await keys.openCallsDialedBefore(at)).toBe(1)
  await sql`update calls set ended_at = now()`
  expect(await keys.openCallsDialedBefore(at)).toBe(0)
})
