import { testDatabase, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { catalogueProblems } from './testing/catalogue/index.ts'
import { rolledBack, superClient } from './testing/super-client.ts'

let database: TestDatabase
let sql: postgres.Sql & AsyncDisposable

beforeAll(async () => {
  database = await testDatabase()
  sql = superClient(database.url)
})
afterAll(async () => {
  await sql[Symbol.asyncDispose]()
  await database.drop()
})

test.each([
  [
    'a reader that sees every tenant',
    'alter policy reader on calls using (true)',
    'unsound policy: reader on calls',
  ],
  [
    'a reader’s policy that is for writing, too',
    `drop policy reader on calls; create policy reader on calls to callwire_reader
      using (tenant_id = any ((select batch.tenant_ids())::text[]))`,
    'unsound policy: reader on calls',
  ],
  [
    'a reader’s policy that a service has, too',
    'alter policy reader on calls to callwire_reader, callwire_gateway',
    'unsound policy: reader on calls',
  ],
  ['a reader without its policy', 'drop policy reader on phones', 'no reader policy: phones'],
  [
    'a reader’s policy where it reads nothing',
    `create policy reader on users for select to callwire_reader
      using (tenant_id = any ((select batch.tenant_ids())::text[]))`,
    'unsound policy: reader on users',
  ],
  [
    'a reader that may write',
    'grant update (status) on calls to callwire_reader',
    'reader rights not as listed: calls',
  ],
  [
    'a reader with one more column',
    'grant select (key_hash) on api_keys to callwire_reader',
    'reader rights not as listed: api_keys',
  ],
  [
    'a reader’s role that may log in',
    'alter role callwire_reader login',
    'role with rights it must not have: callwire_reader',
  ],
  [
    'a reader that another service may ask',
    'grant execute on function reader.calls_to_dial(json) to callwire_gateway',
    'wrong callers: calls_to_dial(json)',
  ],
  [
    'a reader function that nobody listed',
    `create function reader.bad() returns text language sql as 'select ''x'''`,
    'reader function not in the list: bad()',
  ],
  [
    'credentials from a function that others call',
    `drop function reader.callers(json); create function reader.callers(batch json)
      returns table (enc_api_key text) language sql as 'select ''x'''`,
    'reader gives credentials away: callers(json)',
  ],
  [
    'a reader function with an open search path',
    'alter function reader.callers(json) reset search_path',
    'unsound reader function: callers(json)',
  ],
  [
    'a reader function gone',
    'drop function reader.attempts_held(json)',
    'reader function missing: attempts_held(json)',
  ],
  [
    'a schema of the reader that somebody else may use',
    'grant usage on schema reader to callwire_ingest',
    'holders of schema not as listed: reader',
  ],
])('%s is reported', async (_name, change, problem) => {
  await rolledBack(sql, async (tx) => {
    await tx.unsafe(change)
    expect(await catalogueProblems(tx)).toContain(problem)
  })
})
