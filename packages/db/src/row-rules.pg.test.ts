import { testDatabase, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillTenant, idOf } from './testing/fill-tenant.ts'
import { rolledBack, superClient } from './testing/super-client.ts'

let database: TestDatabase
let sql: postgres.Sql & AsyncDisposable

beforeAll(async () => {
  database = await testDatabase()
  sql = superClient(database.url)
  await fillTenant(sql, 1)
})
afterAll(async () => {
  await sql[Symbol.asyncDispose]()
  await database.drop()
})

/** What an update of the one row of a table comes to: null where it is taken. */
async function refusalOf(statement: string): Promise<{ code: string; constraint: string } | null> {
  let refusal = null
  await rolledBack(sql, async (tx) => {
    await tx.unsafe('savepoint before_it')
    try {
      await tx.unsafe(statement)
    } catch (error) {
      const { code, constraint_name: constraint = '' } = error as postgres.PostgresError
      refusal = { code, constraint }
      await tx.unsafe('rollback to before_it')
    }
  })
  return refusal
}

const nines = '9'.repeat(24)
const entries = (times: number) => JSON.stringify(Array.from({ length: times }, () => ({})))

test.each([
  ['calls', `id = 'cal_${'u'.repeat(24)}'`],
  ['calls', `id = 'evt_${nines}'`],
  ['calls', `id = 'cal_${nines}9'`],
  ['calls', `direction = 'sideways'`],
  ['calls', `person_sealed = '+919812345678'`],
  ['calls', `person_masked = '+919812345678'`],
  ['calls', `person_index = ''`],
  ['calls', `status = 'lost'`],
  ['calls', `sid = ''`],
  ['calls', 'priority = -1'],
  ['calls', 'priority = 10'],
  ['calls', 'time_limit_seconds = 0'],
  ['calls', 'time_limit_seconds = 14401'],
  ['calls', `metadata_sealed = '{"name":"clear"}'`],
  ['calls', 'duration_seconds = -1'],
  ['calls', `recording_url_sealed = 'https://example.com/a.mp3'`],
  ['calls', `recording_url_sealed = 'cw1c.x'`],
  ['calls', `account_sid = ''`],
  ['calls', `legs = '{}'`],
  ['calls', `legs = '${entries(9)}'`],
  ['calls', `candidates = '1'`],
  ['calls', `candidates = '${entries(51)}'`],
  ['calls', 'person_sealed = null'],
  ['calls', 'person_index = null'],
  ['calls', 'number_erased_at = now()'],
  [
    'calls',
    `number_erased_at = now(), person_sealed = null, person_index = null,
    metadata_sealed = 'cw1d.x'`,
  ],
  ['call_heads', 'seq = -1'],
  ['call_heads', `hash = repeat('A', 64)`],
  ['call_heads', `hash = repeat('a', 63)`],
  ['call_events', 'seq = 0'],
  ['call_events', `id = 'evt_1'`],
  ['call_events', `type = 'Call.status'`],
  ['call_events', `commit = repeat('g', 64)`],
  ['call_events', `hash = repeat('a', 65)`],
  ['call_events', 'data = null'],
  ['call_events', `salt = repeat('=', 22)`],
  ['call_events', `salt = repeat('a', 23)`],
  ['call_events', 'erased = true'],
  ['stream_tokens', `id = 'tok_1'`],
  ['stream_tokens', `token_hash = 'clear'`],
])('a row of %s is refused with %s', async (table, set) => {
  expect(await refusalOf(`update ${table} set ${set}`)).toEqual({
    code: '23514',
    constraint: `${table}_hold`,
  })
})

test.each([
  ['calls', `recording_url_sealed = 'cw1d.x', metadata_sealed = 'cw1d.x', priority = 9`],
  ['calls', `recording_url_sealed = 'cw1e.x', time_limit_seconds = 14400, duration_seconds = 0`],
  ['calls', `legs = '${entries(8)}', candidates = '${entries(50)}', account_sid = 'a'`],
  [
    'calls',
    `sid = null, person_masked = 'erased', person_sealed = null, person_index = null,
    number_erased_at = now()`,
  ],
  ['call_events', 'erased = true, data = null, salt = null'],
  ['call_events', `type = 'transcript.final', salt = repeat('-', 22)`],
])('and one of %s is taken with %s', async (table, set) => {
  expect(await refusalOf(`update ${table} set ${set}`)).toBeNull()
})

test.each([
  [`'aud_1', 'service', '{}'`],
  [`'${idOf('aud', 2)}', 'nobody', '{}'`],
  [`'${idOf('aud', 2)}', 'service', '[]'`],
])('an entry of the audit log is refused with %s', async (values) => {
  const refusal = await refusalOf(`insert into audit_log
    (tenant_id, id, actor_kind, details, actor_id, action)
    values ('${idOf('ten', 1)}', ${values}, 's', 'a')`)
  expect(refusal).toEqual({ code: '23514', constraint: 'audit_log_hold' })
})

test('an id is one by the longer rule and by the shorter', async () => {
  const ids = [nines, 'z'.repeat(24), 'abcdefghjkmnpqrstvwxyz01', 'i'.repeat(24), 'l'.repeat(24)]
  const odd = ['o'.repeat(24), 'u'.repeat(24), nines.slice(1), `${nines}1`, '', `${nines}\n`]
  const texts = [...ids, ...odd, 'Z'.repeat(24), 'é'.repeat(24), ` ${nines.slice(1)}`].flatMap(
    (id) => [`cal_${id}`, `evt_${id}`, `cal${id}`, `cal__${id}`, `cal_\n${id}`],
  )
  const differing = await sql`
    select id from unnest(${texts}::text[]) id where app.has_id('cal', id) <> app.is_id('cal', id)`
  expect(differing).toEqual([])
  const [{ taken } = { taken: 0 }] = await sql<{ taken: number }[]>`
    select count(*)::int as taken from unnest(${texts}::text[]) id where app.has_id('cal', id)`
  expect(taken).toBe(3)
})
