import { testDatabase, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connectDatabase, type Database } from './index.ts'
import { fillTenant, idOf } from './testing/fill-tenant.ts'
import { superClient } from './testing/super-client.ts'

const dayMs = 86_400_000
const marginMs = 60_000
const tenants = [idOf('ten', 1), idOf('ten', 2)] as const

let database: TestDatabase
let sql: postgres.Sql & AsyncDisposable
let dialer: Database

beforeAll(async () => {
  database = await testDatabase()
  sql = superClient(database.url)
  await fillTenant(sql, 1)
  await fillTenant(sql, 2)
  const url = database.serviceUrl('dialer')
  dialer = await connectDatabase({ url, applicationName: 'test' })
})
afterAll(async () => {
  await dialer.close()
  await sql[Symbol.asyncDispose]()
  await database.drop()
})

const lives = ['retain_words_days', 'retain_numbers_days', 'retain_recordings_days'] as const
type Life = (typeof lives)[number]

const live = (tenant: string, life: Life, days: number | null) =>
  sql`update tenants set ${sql({ [life]: days })} where tenant_id = ${tenant}`
const endedAgo = (ms: number) => sql`update calls set ended_at = ${new Date(Date.now() - ms)}`
const past = () => dialer.finder.tenantsPastRetention()

beforeEach(async () => {
  for (const tenant of tenants) for (const life of lives) await live(tenant, life, null)
  await sql`update calls set status = 'completed', words_erased_at = null, number_erased_at = null,
    person_sealed = 'cw1d.x', person_index = 'i'`
  await sql`update recordings set wrapped = 'cw1k.x', erased_at = null`
  await sql`update call_heads set last_type = 'call.receipt'`
})

describe.each(lives)('%s', (life) => {
  const erase = {
    retain_words_days: () => sql`update calls set words_erased_at = now()`,
    retain_numbers_days: () =>
      sql`update calls set person_sealed = null, person_index = null, metadata_sealed = null,
        number_erased_at = now()`,
    retain_recordings_days: () => sql`update recordings set wrapped = null, erased_at = now()`,
  }[life]

  test('names who has something older than that, and nobody else', async () => {
    await endedAgo(30 * dayMs + marginMs)
    expect(await past()).toEqual([])
    await live(tenants[1], life, 30)
    expect(await past()).toEqual([tenants[1]])
    await live(tenants[0], life, 31)
    expect(await past()).toEqual([tenants[1]])
    await live(tenants[0], life, 1)
    expect(await past()).toEqual([...tenants])
    await erase()
    expect(await past()).toEqual([])
  })

  test('is counted from the end of a call, to the hour', async () => {
    await live(tenants[0], life, 1)
    await endedAgo(dayMs - marginMs)
    expect(await past()).toEqual([])
    await endedAgo(dayMs + marginMs)
    expect(await past()).toEqual([tenants[0]])
    await sql`update calls set ended_at = null`
    expect(await past()).toEqual([])
  })

  test('waits for the receipt', async () => {
    await live(tenants[0], life, 1)
    await endedAgo(2 * dayMs)
    await sql`update call_heads set last_type = 'call.talk'`
    expect(await past()).toEqual([])
    await sql`update call_heads set last_type = null`
    expect(await past()).toEqual([])
  })
})
