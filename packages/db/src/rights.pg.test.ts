import { testDatabase, type TestDatabase } from '@callwire/testkit'
import { sql as statement } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectDatabase, phoneCredentials } from './index.ts'
import type { Database, Tx } from './index.ts'
import type { ServiceName } from './service-name.ts'
import { fillTenant, idOf } from './testing/fill-tenant.ts'
import { superClient } from './testing/super-client.ts'

let database: TestDatabase
const opened = new Map<ServiceName, Database>()
const mine = idOf('ten', 1)
const theirs = idOf('ten', 2)

async function open(service: ServiceName): Promise<Database> {
  const url = database.serviceUrl(service)
  const db =
    opened.get(service) ??
    (await connectDatabase({ url, applicationName: 'test', maxConnections: 2 }))
  opened.set(service, db)
  return db
}

beforeAll(async () => {
  database = await testDatabase()
  await using sql = superClient(database.url)
  await fillTenant(sql, 1)
  await fillTenant(sql, 2)
})
afterAll(async () => {
  await Promise.all([...opened.values()].map((db) => db.close()))
  await database.drop()
})

const readKeys = (tx: Tx) => tx.select({ key: phoneCredentials.encApiKey }).from(phoneCredentials)

const sealedAnew = `
    update phone_credentials set enc_api_key = 'cw1c.w', enc_api_token = 'cw1c.w';
    update calls set person_sealed = 'cw1d.w', person_index = 'w', metadata_sealed = 'cw1d.w',
      recording_url_sealed = 'cw1d.w';
    update call_keys set wrapped = 'cw1k.w' where wrapped = 'cw1k.x';
    update callback_inbox set body_sealed = 'cw1d.w' where body_sealed = 'cw1d.x';
    update idempotency_keys set fingerprint = 'cw1d.w' where call_id = '${idOf('cal', 2)}';
  `

test('the dialer alone may seal every place anew', async () => {
  for (const text of sealedAnew.split(';').slice(0, -1)) {
    const change = statement.raw(text)
    const changed = (await open('dialer')).withTenant(theirs, (tx) => tx.execute(change))
    expect([text, (await changed).rowCount]).toEqual([text, 1])
    for (const service of ['ingest', 'transcriber', 'copilot', 'courier'] as const) {
      const refused = (await open(service)).withTenant(theirs, (tx) => tx.execute(change))
      await expect(refused).rejects.toMatchObject({ code: 'permission' })
    }
  }
})

test('nobody writes which key a row names', async () => {
  const forged = (await open('dialer')).withTenant(mine, (tx) =>
    tx.execute(statement`update call_keys set kid = 'k1'`),
  )
  await expect(forged).rejects.toMatchObject({ name: 'DbError' })
})

test('the dialer alone reads sealed credentials; the gateway writes them blindly', async () => {
  const dialer = await open('dialer')
  expect(await dialer.withTenant(mine, readKeys)).toEqual([{ key: 'cw1c.x' }])
  for (const service of ['gateway', 'ingest', 'transcriber', 'copilot', 'courier'] as const) {
    const db = await open(service)
    await expect(db.withTenant(mine, readKeys)).rejects.toMatchObject({ code: 'permission' })
  }
  const gateway = await open('gateway')
  await gateway.withTenant(mine, async (tx) => {
    await tx.execute(statement`update phone_credentials set enc_api_key = 'cw1c.z', version = 2`)
  })
  expect(await dialer.withTenant(mine, readKeys)).toEqual([{ key: 'cw1c.z' }])
})

test.each([
  ['copilot', 'select person_sealed from calls'],
  ['copilot', 'select metadata_sealed from calls'],
  ['copilot', 'select sealed from call_secrets'],
  ['copilot', 'select wrapped from call_keys'],
  ['copilot', 'select password_hash from users'],
  ['copilot', `insert into call_events default values`],
  ['transcriber', 'select person_sealed from calls'],
  ['transcriber', 'select sealed from call_secrets'],
  ['dialer', 'select password_hash from users'],
  ['ingest', 'update call_events set data = null'],
  ['gateway', 'update call_events set data = null'],
  ['gateway', 'delete from call_events'],
  ['gateway', 'delete from audit_log'],
  ['gateway', 'update tenants set is_default = true'],
  ['gateway', 'update tenants set is_operator = true'],
  ['gateway', 'update call_keys set wrapped = null'],
  ['gateway', 'update phone_checks set state = null'],
  ['dialer', 'select route, key from idempotency_keys'],
  ['dialer', `insert into phone_checks default values`],
  ['dialer', 'update key_state set is_primary = true'],
  ['dialer', 'select * from finder.key_ids_of(null)'],
  ['dialer', 'select finder.sealed_place(null)'],
  ['gateway', `select * from reader.calls_to_dial('[]')`],
  ['copilot', `select * from reader.callers('[]')`],
  ['dialer', `select * from reader.api_keys('[]')`],
  ['courier', `select * from reader.attempts_held('[]')`],
  ['gateway', `update key_checks set check_value = ''`],
  ['gateway', 'delete from key_checks'],
  ['gateway', 'delete from key_state'],
  ['ingest', 'delete from key_jobs'],
  ['copilot', 'select * from key_state'],
  ['copilot', 'select * from key_holders'],
  ['courier', 'select * from phones'],
  ['courier', `update webhook_endpoints set url = ''`],
  ['courier', 'select * from call_secrets'],
  ['courier', 'select * from account_requests'],
  ['gateway', 'select sealed from webhook_secrets'],
  ['gateway', `update webhook_secrets set sealed = ''`],
  ['gateway', 'select * from webhook_cursors'],
  ['gateway', 'select * from account_requests'],
  ['dialer', 'select sealed from webhook_secrets'],
  ['dialer', 'update install set dialing_paused = false'],
  ['dialer', 'insert into never_call default values'],
  ['dialer', 'update tenants set cap_tenant = null'],
  ['dialer', `update call_events set commit = ''`],
  ['dialer', `update call_events set hash = ''`],
  ['dialer', 'delete from call_events'],
  ['dialer', 'select sealed from call_secrets'],
  ['dialer', 'delete from calls'],
  ['gateway', 'update calls set words_erased_at = null'],
  ['gateway', 'update calls set person_sealed = null'],
  ['gateway', 'delete from call_keys'],
  ['gateway', 'delete from call_secrets'],
  ['gateway', 'delete from callback_inbox'],
  ['gateway', 'update recordings set wrapped = null'],
  ['transcriber', 'delete from call_keys'],
  ['transcriber', 'update recordings set wrapped = null'],
  ['gateway', 'select * from finder.tenants_past_retention()'],
  ['transcriber', 'select * from never_call'],
  ['copilot', 'select * from webhook_endpoints'],
  ['courier', 'select id from calls'],
  ['dialer', 'create table mine (id int)'],
  ['dialer', 'select * from schema_scripts'],
  ['dialer', 'select finder.user_by_email(null)'],
  ['copilot', 'select * from finder.due_calls(1)'],
] as const)('%s may not %s', async (service, text) => {
  const db = await open(service)
  const attempt = db.withTenant(mine, (tx) => tx.execute(statement.raw(text)))
  await expect(attempt).rejects.toMatchObject({ code: 'permission' })
})
