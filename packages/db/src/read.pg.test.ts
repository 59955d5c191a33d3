import { eventually, tcpProxy, testDatabase, type TestDatabase } from '@callwire/testkit'
import { sql } from 'drizzle-orm'
import type postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { connectDatabase, phones, statement, tenants, users, type Database } from './index.ts'
import { fillTenant, idOf } from './testing/fill-tenant.ts'
import { superClient } from './testing/super-client.ts'

let database: TestDatabase
let owner: postgres.Sql & AsyncDisposable
let db: Database
const [mine, theirs] = [idOf('ten', 1), idOf('ten', 2)]

const open = (url: string) => connectDatabase({ url, applicationName: 'reads', maxConnections: 1 })

beforeAll(async () => {
  database = await testDatabase()
  owner = superClient(database.url)
  await fillTenant(owner, 1)
  await fillTenant(owner, 2)
})
afterAll(async () => {
  await owner[Symbol.asyncDispose]()
  await database.drop()
})
/** One connection for all of a test, which has parsed nothing yet. */
beforeEach(async () => {
  db = await open(database.serviceUrl('gateway'))
  return () => db.close()
})

type None = Record<string, never>
const everyUser = statement<None, { tenantId: string }>(
  'read_users',
  sql`select tenant_id as "tenantId" from ${users}`,
)
const numberOf = statement<{ text: string }, { number: number; xid: string }>(
  'read_number',
  sql`select (${sql.placeholder('text')}::text)::integer as number, now()::text as xid`,
)
const rename = statement<{ name: string }, { name: string }>(
  'read_rename',
  sql`update ${tenants} set name = ${sql.placeholder('name')} returning name`,
)
const unlock = statement<None, { set: string }>(
  'read_unlock',
  sql`select set_config('transaction_read_only', 'off', true) as set from ${users}`,
)
const lock = statement<None, { id: string }>('read_lock', sql`select id from ${phones} for update`)
const tenantNow = statement<None, { tenant: string | null }>(
  'read_tenant_now',
  sql`select nullif(current_setting('app.tenant', true), '') as tenant`,
)

const usersOf = async (tenantId: string) =>
  (await db.read(tenantId, everyUser.with({}))).map((row) => row.tenantId)
const names = async () => {
  const rows = await owner<{ name: string }[]>`select name from app.tenants order by tenant_id`
  return rows.map(({ name }) => name)
}

test('many at once of several tenants: each sees its own rows alone', async () => {
  const asked = Array.from({ length: 100 }, (_, i) => (i % 3 === 0 ? theirs : mine))
  const seen = await Promise.all(asked.map(usersOf))
  expect(seen).toEqual(asked.map((tenantId) => [tenantId]))
})

test('those of a moment share a transaction, and each has its own answer', async () => {
  const texts = Array.from({ length: 20 }, (_, i) => String(i))
  const rows = await Promise.all(texts.map((text) => db.read(mine, numberOf.with({ text }))))
  expect(rows.map(([row]) => row?.number)).toEqual(texts.map(Number))
  // now() is the same in all of a transaction, to the microsecond.
  expect(new Set(rows.map(([row]) => row?.xid)).size).toBe(1)
})

test('an answer without a row is empty', async () => {
  const nobodys = idOf('ten', 9)
  expect(await Promise.all([usersOf(nobodys), usersOf(mine)])).toEqual([[], [mine]])
})

test('none of them writes, and one that tries harms nobody else', async () => {
  const before = await names()
  const ends = await Promise.allSettled([
    usersOf(mine),
    db.read(mine, rename.with({ name: 'Written' })),
    db.read(theirs, lock.with({})),
    db.read(theirs, unlock.with({})),
    usersOf(theirs),
  ])
  expect(ends[0]).toEqual({ status: 'fulfilled', value: [mine] })
  expect(ends[1]).toMatchObject({ reason: { code: 'refuses_writes', sqlstate: '25006' } })
  expect(ends[2]).toMatchObject({ reason: { sqlstate: '25006' } })
  expect(ends[3]).toMatchObject({ reason: { sqlstate: '25001' } })
  expect(ends[4]).toEqual({ status: 'fulfilled', value: [theirs] })
  expect(await names()).toEqual(before)
})

test('the connection writes again afterwards, and has no tenant left', async () => {
  await usersOf(theirs)
  const [renamed, [now]] = await db.atOnce(mine, rename.with({ name: 'Later' }), tenantNow.with({}))
  expect(renamed).toEqual([{ name: 'Later' }])
  expect(now).toEqual({ tenant: mine })
  await usersOf(theirs)
  const left = await db.read(mine, tenantNow.with({}))
  expect(left).toEqual([{ tenant: mine }])
})

test('a faulty one fails alone', async () => {
  const ends = await Promise.allSettled([
    db.read(mine, numberOf.with({ text: '1' })),
    db.read(theirs, numberOf.with({ text: 'secret' })),
    db.read(theirs, numberOf.with({ text: '2' })),
    usersOf(theirs),
  ])
  expect(ends.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
  ])
  expect(ends[1]).toMatchObject({ reason: { code: 'invalid', sqlstate: '22P02' } })
  expect(ends[3]).toMatchObject({ value: [theirs] })
})

test('takes the id of a tenant and nothing else, and that harms nobody either', async () => {
  const ends = await Promise.allSettled([usersOf(`${mine}'`), usersOf(mine)])
  expect(ends[0]).toMatchObject({ reason: { code: 'invalid' } })
  expect(ends[1]).toEqual({ status: 'fulfilled', value: [mine] })
})

test('a lost connection fails those that were on it, and later ones work', async () => {
  await using proxy = await tcpProxy({ target: database.serviceUrl('gateway') })
  const far = await open(proxy.through(database.serviceUrl('gateway')))
  const read = (tenantId: string) => far.read(tenantId, everyUser.with({}))
  try {
    expect(await read(mine)).toEqual([{ tenantId: mine }])
    proxy.stall()
    const ends = Promise.allSettled([read(mine), read(theirs)])
    // Under way, and the answer will not come.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    proxy.cut()
    proxy.resume()
    for (const end of await ends) expect(end).toMatchObject({ reason: { code: 'unavailable' } })
    expect(await eventually(() => read(theirs).catch(() => null))).toEqual([{ tenantId: theirs }])
  } finally {
    await far.close()
  }
})
