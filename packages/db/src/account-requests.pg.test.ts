import { testDatabase, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectDatabase, type Database } from './index.ts'
import { superClient } from './testing/super-client.ts'

let database: TestDatabase
let owner: postgres.Sql & AsyncDisposable
const opened: Database[] = []

async function open(service: 'dialer' | 'gateway'): Promise<Database> {
  const db = await connectDatabase({
    url: database.serviceUrl(service),
    applicationName: 'test',
    maxConnections: 1,
  })
  opened.push(db)
  return db
}

beforeAll(async () => {
  database = await testDatabase()
  owner = superClient(database.url)
})
afterAll(async () => {
  await Promise.all(opened.map((db) => db.close()))
  await owner[Symbol.asyncDispose]()
  await database.drop()
})

const idsOf = (rows: { id: string }[]) => rows.map(({ id }) => id).sort()

test('remembers an account’s requests with their ages, and forgets the old ones', async () => {
  const { accountRequests } = await open('dialer')
  await owner`insert into app.account_requests (account_sid, id, at) values
    ('acme1m', 'request-old', now() - interval '10 minutes'),
    ('acme1m', 'request-mid', now() - interval '50 seconds'),
    ('other1m', 'request-old', now() - interval '10 minutes')`
  await accountRequests.add('acme1m', 'request-new')

  const recent = await accountRequests.recent('acme1m', 62_000)
  expect(idsOf(recent)).toEqual(['request-mid', 'request-new'])
  const ageOf = (id: string) => recent.find((row) => row.id === id)?.ageMs ?? -1
  expect(ageOf('request-mid')).toBeGreaterThanOrEqual(50_000)
  expect(ageOf('request-new')).toBeGreaterThanOrEqual(0)
  expect(ageOf('request-new')).toBeLessThan(50_000)

  expect(await accountRequests.forget(300_000, 1)).toBe(1)
  expect(await accountRequests.forget(300_000, 10)).toBe(1)
  expect(await accountRequests.forget(300_000, 10)).toBe(0)
  expect(idsOf(await accountRequests.recent('acme1m', 3_600_000))).toEqual([
    'request-mid',
    'request-new',
  ])
})

test('the same request is never two', async () => {
  const { accountRequests } = await open('dialer')
  await accountRequests.add('twice1m', 'request-one')
  const again = accountRequests.add('twice1m', 'request-one')
  await expect(again).rejects.toMatchObject({ name: 'DbError' })
  expect(await accountRequests.recent('twice1m', 62_000)).toHaveLength(1)
})

test('is for the dialer alone', async () => {
  const { accountRequests } = await open('gateway')
  await expect(accountRequests.recent('acme1m', 1)).rejects.toMatchObject({ code: 'permission' })
})
