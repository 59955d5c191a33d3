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

test('every table, view, key, role and function keeps the rules', async () => {
  expect(await catalogueProblems(sql)).toEqual([])
})

test('the finder may read these columns and no others', async () => {
  const columns = await sql<{ table: string; columns: string }[]>`
    select table_name as table, string_agg(column_name, ' ' order by column_name) as columns
    from information_schema.column_privileges
    where grantee = 'callwire_finder' and table_schema = 'app' group by table_name
  `
  expect(Object.fromEntries(columns.map((row) => [row.table, row.columns]))).toEqual({
    api_keys: 'id key_hash revoked_at tenant_id',
    call_heads: 'call_id changed_at last_type seq tenant_id',
    call_keys: 'call_id kid tenant_id',
    callback_inbox: 'applied_at call_id id kid received_at tenant_id',
    calls:
      'account_sid answered_at attempt created_at dialed_at dialing_at direction due_at ended_at fence heard_at id metadata_kid number_erased_at person_kid priority reason_code recording_url_kid schedule_at sid status tenant_id time_limit_seconds unknown_at words_erased_at',
    idempotency_keys: 'call_id created_at kid tenant_id',
    install: 'dialing_paused id',
    media_streams: 'call_id ended_at heartbeat_at id tenant_id',
    never_call: 'id kid tenant_id',
    phone_checks: 'created_at id tenant_id',
    phone_credentials: 'kid phone_id tenant_id',
    phones: 'deleted_at id ingest_key phone_token_hash tenant_id',
    recordings: 'call_id created_at erased_at id kid removed_at tenant_id',
    sessions: 'family_hash id tenant_id',
    stream_tokens: 'burnt_at expires_at id tenant_id token_hash',
    tenant_alerts: 'at id tenant_id',
    tenants:
      'dialing_paused expire_after_ms is_default is_operator retain_numbers_days retain_recordings_days retain_words_days tenant_id',
    transcriptions: 'call_id state tenant_id updated_at',
    users: 'email id last_login_at tenant_id',
    webhook_cursors: 'call_id endpoint_id moved_at seq tenant_id',
    webhook_deliveries: 'due_at endpoint_id finished_at id owned_until state tenant_id',
    webhook_endpoints: 'deleted_at id scanned_to status tenant_id',
    webhook_secrets: 'endpoint_id expires_at id kid tenant_id',
  })
})

const good = `tenant_id text not null references tenants, id text, primary key (tenant_id, id)`

test.each([
  ['a table without a tenant', 'create table bad (id text primary key)', 'no tenant_id: bad'],
  ['a table without a fence', `create table bad (${good})`, 'no forced row security: bad'],
  ['a table without a policy', `create table bad (${good})`, 'no tenant policy: bad'],
  [
    'a key that starts with something else',
    'create table bad (tenant_id text not null, id text, primary key (id, tenant_id))',
    'tenant_id not first in the key: bad',
  ],
  [
    'a fence that the owner may step over',
    'alter table phones no force row level security',
    'no forced row security: phones',
  ],
  ['a policy gone', 'drop policy tenant on calls', 'no tenant policy: calls'],
  [
    'a policy for everybody',
    'create policy more on calls using (true)',
    'unsound policy: more on calls',
  ],
  [
    'a policy that forgets what is written',
    `alter policy tenant on calls with check (true)`,
    'unsound policy: tenant on calls',
  ],
  [
    'a foreign key without its tenant',
    'alter table calls add constraint bad foreign key (phone_id) references phones (id)',
    'foreign key without tenant: bad',
  ],
  ['a view of its owner', 'create view bad as select id from calls', 'view past the fence: bad'],
  [
    'a materialised view',
    'create materialized view bad as select 1 as one',
    'view past the fence: bad',
  ],
  [
    'a grant that no policy covers',
    'grant truncate on calls to callwire_dialer',
    'grant past the fence: callwire_dialer TRUNCATE on calls',
  ],
  [
    'a second reader of credentials',
    'grant select (enc_api_key) on phone_credentials to callwire_gateway',
    'reads sealed credentials: callwire_gateway',
  ],
  [
    'a service that owns a table',
    'alter table calls owner to callwire_dialer',
    'login owns something: callwire_dialer',
  ],
  [
    'a backup that owns a table',
    'alter table calls owner to callwire_backup',
    'login owns something: callwire_backup',
  ],
  [
    'a backup that writes',
    'grant update (status) on calls to callwire_backup',
    'backup does more than read: calls',
  ],
  [
    'a backup that deletes',
    'grant delete on calls to callwire_backup',
    'backup does more than read: calls',
  ],
  [
    'a backup without a table',
    'revoke select on call_keys from callwire_backup',
    'backup cannot read: call_keys',
  ],
  ['a backup that sees no rows', 'drop policy backup on calls', 'no backup policy: calls'],
  [
    'a backup policy for writing',
    'drop policy backup on calls; create policy backup on calls to callwire_backup using (true)',
    'unsound policy: backup on calls',
  ],
  [
    'a backup that looks past policies',
    'alter role callwire_backup bypassrls',
    'role with rights it must not have: callwire_backup',
  ],
  [
    'a backup that writes unless told not to',
    'alter role callwire_backup reset default_transaction_read_only',
    'backup is not read-only',
  ],
  [
    'a backup that asks the finder',
    'grant execute on function finder.key_ids() to callwire_backup',
    'wrong callers: key_ids()',
  ],
  [
    'a table of the install that somebody else may read',
    'grant select on key_state to callwire_copilot',
    'grants not as listed: key_state',
  ],
  [
    'a column of the install that somebody else may write',
    'grant update (is_primary) on key_state to callwire_dialer',
    'grants not as listed: key_state',
  ],
  [
    'a value that two tenants cannot both have',
    'create unique index bad on agents (name)',
    'unique across tenants: bad',
  ],
  [
    'a service that may become another',
    'grant callwire_owner to callwire_courier',
    'role is a member of another: callwire_courier',
  ],
  [
    'a service that looks past policies',
    'alter role callwire_courier bypassrls',
    'role with rights it must not have: callwire_courier',
  ],
  [
    'a finder function that nobody listed',
    `create function finder.all_calls() returns setof text language sql as 'select ''x'''`,
    'finder function not in the list: all_calls()',
  ],
  [
    'a function that anybody may call',
    'grant execute on function finder.due_calls(integer) to public',
    'anybody may call: due_calls(integer)',
  ],
  [
    'a caller that was not listed',
    'grant execute on function finder.due_calls(integer) to callwire_copilot',
    'wrong callers: due_calls(integer)',
  ],
  [
    'a finder function with an open search path',
    'alter function finder.due_calls(integer) reset search_path',
    'unsound finder function: due_calls(integer)',
  ],
  [
    'a finder function gone',
    'drop function finder.due_calls(integer)',
    'finder function missing: due_calls(integer)',
  ],
  [
    'a definer somewhere else',
    `create function public.bad() returns text language sql security definer as 'select ''x'''`,
    'definer outside the finder: bad()',
  ],
  [
    'a batch that sees every tenant',
    'alter policy batch on calls using (true)',
    'unsound policy: batch on calls',
  ],
  [
    'a batch that writes for every tenant',
    'alter policy batch on calls with check (true)',
    'unsound policy: batch on calls',
  ],
  [
    'a batch’s policy that a service has, too',
    'alter policy batch on calls to callwire_batch, callwire_gateway',
    'unsound policy: batch on calls',
  ],
  ['a batch without its policy', 'drop policy batch on phones', 'no batch policy: phones'],
  [
    'a batch’s policy where no batch writes',
    `create policy batch on agents to callwire_batch
      using (tenant_id = any ((select batch.tenant_ids())::text[]))
      with check (tenant_id = any ((select batch.tenant_ids())::text[]))`,
    'unsound policy: batch on agents',
  ],
  [
    'a batch with one more right',
    'grant select (person_sealed) on calls to callwire_batch',
    'batch rights not as listed: calls',
  ],
  [
    'a batch with a right to one more table',
    'grant select on agents to callwire_batch',
    'batch rights not as listed: agents',
  ],
  [
    'a batch with one right less',
    'revoke insert on stream_tokens from callwire_batch',
    'batch rights not as listed: stream_tokens',
  ],
  [
    'a batch’s role that may log in',
    'alter role callwire_batch login',
    'role with rights it must not have: callwire_batch',
  ],
  [
    'a batch that another service may write',
    'grant execute on function batch.begin_dials(json) to callwire_gateway',
    'wrong callers: begin_dials(json)',
  ],
  [
    'a fence of batches that a service may ask',
    'grant execute on function batch.tenant_ids() to callwire_gateway',
    'wrong callers: tenant_ids()',
  ],
  [
    'a fence of batches that somebody else made',
    'alter function batch.tenant_ids() owner to callwire_owner',
    'unsound fence of batches: tenant_ids()',
  ],
  [
    'a batch function of the owner',
    'alter function batch.begin_dials(json) owner to callwire_owner',
    'unsound batch function: begin_dials(json)',
  ],
  [
    'a batch function with an open search path',
    'alter function batch.begin_dials(json) reset search_path',
    'unsound batch function: begin_dials(json)',
  ],
  [
    'a batch function that nobody listed',
    `create function batch.bad() returns text language sql as 'select ''x'''`,
    'batch function not in the list: bad()',
  ],
  [
    'a batch function gone',
    'drop function batch.bind_sids(json)',
    'batch function missing: bind_sids(json)',
  ],
  [
    'a schema of batches that somebody else may use',
    'grant usage on schema batch to callwire_copilot',
    'holders of schema not as listed: batch',
  ],
])('%s is reported', async (_name, change, problem) => {
  await rolledBack(sql, async (tx) => {
    await tx.unsafe(change)
    expect(await catalogueProblems(tx)).toContain(problem)
  })
})
