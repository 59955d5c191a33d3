import type postgres from 'postgres'
import { FINDER_ROLE, loginOf, OWNER_ROLE, serviceNames } from '../service-name.ts'

/** Tables that belong to no tenant. */
const exempt = ['schema_scripts']
/** Tables that the owner's policy opens to whoever makes tenants. */
const ownersTables = ['api_keys', 'audit_log', 'sessions', 'tenants', 'users']
const services: string[] = serviceNames.map(loginOf)
const roles: string[] = [...services, OWNER_ROLE, FINDER_ROLE]
/** As the server spells it when app is the search path; another schema's function would be named. */
const fence = '(tenant_id = ( SELECT tenant_id() AS tenant_id))'

/** What the finder may give back: ids and tenant, and which wake-up of a call is next. */
const findings = ['tenant_id', 'id', 'user_id', 'call_id', 'phone_id', 'stream_id', 'attempt']

/** Every function that looks across tenants, and who may call it beside the finder itself. */
export const finderFunctions: Readonly<Record<string, readonly string[]>> = {
  'api_key_by_hash(text)': ['copilot', 'gateway'],
  'call_by_id(text)': ['dialer', 'gateway', 'ingest', 'transcriber'],
  'call_by_sid(text)': ['gateway', 'ingest'],
  'due_calls(integer)': ['dialer'],
  'is_empty()': ['gateway', 'owner'],
  'pending_transcriptions(integer)': ['dialer', 'transcriber'],
  'phone_by_id(text)': ['ingest'],
  'phone_by_ingest_key(text)': ['ingest'],
  'phone_by_token_hash(text)': ['gateway', 'ingest'],
  'session_by_family_hash(text)': ['gateway'],
  'stale_dialing(integer,integer)': ['dialer'],
  'stale_streams(integer,integer)': ['dialer'],
  'stream_token_by_hash(text)': ['ingest'],
  'unapplied_callbacks(integer,integer)': ['dialer'],
  'unknown_calls(integer)': ['dialer'],
  'unpolled_calls(integer,integer)': ['dialer'],
  'unreceipted_calls(integer)': ['dialer'],
  'unused_default()': ['owner'],
  'user_by_email(text)': ['gateway', 'owner'],
}

/** Every rule that the catalogue breaks, as `rule: what`. */
export async function catalogueProblems(sql: postgres.Sql): Promise<string[]> {
  const found = [
    ...(await tableProblems(sql)),
    ...(await policyProblems(sql)),
    ...(await relationProblems(sql)),
    ...(await roleProblems(sql)),
    ...(await functionProblems(sql)),
  ]
  return found.sort()
}

async function tableProblems(sql: postgres.Sql): Promise<string[]> {
  const tables = await sql<
    { name: string; owner: string; fenced: boolean; column: boolean; first: boolean }[]
  >`
    select c.relname as name, pg_get_userbyid(c.relowner) as owner,
      c.relrowsecurity and c.relforcerowsecurity as fenced,
      exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'
        and a.attnotnull and not a.attisdropped) as column,
      exists (select from pg_index i join pg_attribute a
        on a.attrelid = c.oid and a.attnum = i.indkey[0]
        where i.indrelid = c.oid and i.indisprimary and a.attname = 'tenant_id') as first
    from pg_class c
    where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p')
  `
  return tables
    .filter((table) => !exempt.includes(table.name))
    .flatMap((table) => [
      ...(table.column ? [] : [`no tenant_id: ${table.name}`]),
      ...(table.first ? [] : [`tenant_id not first in the key: ${table.name}`]),
      ...(table.fenced ? [] : [`no forced row security: ${table.name}`]),
      ...(table.owner === OWNER_ROLE ? [] : [`wrong owner: ${table.name}`]),
    ])
}

async function policyProblems(sql: postgres.Sql): Promise<string[]> {
  const tables = await sql<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace = 'app'::regnamespace and relkind in ('r', 'p')
  `
  const policies = await sql<
    {
      table: string
      name: string
      roles: string[]
      command: string
      using: string
      check: string
    }[]
  >`
    select tablename as table, policyname as name, roles::text[] as roles, cmd as command,
      qual as using, with_check as check
    from pg_policies where schemaname = 'app'
  `
  const problems: string[] = []
  for (const { name } of tables) {
    if (exempt.includes(name)) continue
    const own = policies.filter((policy) => policy.table === name && policy.name === 'tenant')
    if (own.length !== 1) problems.push(`no tenant policy: ${name}`)
  }
  for (const policy of policies) {
    const holders = policy.roles.toSorted().join()
    const fenced = policy.using === fence && policy.check === fence && policy.command === 'ALL'
    const sound =
      policy.name === 'tenant'
        ? fenced && holders === services.toSorted().join()
        : policy.name === 'owner'
          ? fenced && holders === OWNER_ROLE && ownersTables.includes(policy.table)
          : policy.name === 'finder' && policy.command === 'SELECT' && holders === FINDER_ROLE
    if (!sound) problems.push(`unsound policy: ${policy.name} on ${policy.table}`)
  }
  return problems
}

async function relationProblems(sql: postgres.Sql): Promise<string[]> {
  const keys = await sql<{ name: string }[]>`
    select k.conname as name
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where c.relnamespace = 'app'::regnamespace and k.contype = 'f' and not exists (
      select from unnest(k.conkey, k.confkey) as pair (own, theirs)
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = pair.own
      join pg_attribute b on b.attrelid = k.confrelid and b.attnum = pair.theirs
      where a.attname = 'tenant_id' and b.attname = 'tenant_id')
  `
  const views = await sql<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace in ('app'::regnamespace, 'finder'::regnamespace) and (
      relkind in ('m', 'f') or
      (relkind = 'v' and not coalesce(reloptions @> array['security_invoker=true'], false)))
  `
  return [
    ...keys.map(({ name }) => `foreign key without tenant: ${name}`),
    ...views.map(({ name }) => `view past the fence: ${name}`),
  ]
}

async function roleProblems(sql: postgres.Sql): Promise<string[]> {
  const strong = await sql<{ name: string }[]>`
    select rolname as name from pg_roles
    where rolname in ${sql(roles)}
      and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
        or rolcanlogin <> (rolname in ${sql(services)}))
  `
  const owning = await sql<{ name: string }[]>`
    select distinct r.rolname as name from pg_shdepend d join pg_roles r on r.oid = d.refobjid
    where d.refclassid = 'pg_authid'::regclass and d.deptype = 'o' and r.rolname in ${sql(services)}
  `
  const members = await sql<{ name: string }[]>`
    select distinct pg_get_userbyid(member) as name from pg_auth_members
    where pg_get_userbyid(member) in ${sql(roles)}
  `
  const grants = await sql<{ name: string }[]>`
    select distinct grantee || ' ' || privilege_type || ' on ' || table_name as name
    from information_schema.table_privileges
    where table_schema = 'app' and grantee <> ${OWNER_ROLE} and (
      privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN') or grantee = 'PUBLIC'
      or table_name in ${sql(exempt)})
  `
  const readers = await sql<{ name: string }[]>`
    select distinct grantee as name from information_schema.column_privileges
    where table_schema = 'app' and column_name like 'enc\\_%' and privilege_type = 'SELECT'
      and grantee not in (${OWNER_ROLE}, ${loginOf('dialer')})
  `
  return [
    ...strong.map(({ name }) => `role with rights it must not have: ${name}`),
    ...owning.map(({ name }) => `service owns something: ${name}`),
    ...members.map(({ name }) => `role is a member of another: ${name}`),
    ...grants.map(({ name }) => `grant past the fence: ${name}`),
    ...readers.map(({ name }) => `reads sealed credentials: ${name}`),
  ]
}

async function functionProblems(sql: postgres.Sql): Promise<string[]> {
  const functions = await sql<
    {
      name: string
      schema: string
      owner: string
      definer: boolean
      path: boolean
      callers: string[]
      outputs: string[] | null
    }[]
  >`
    select regexp_replace(p.oid::regprocedure::text, '^[a-z_]+[.]', '') as name,
      n.nspname as schema, pg_get_userbyid(p.proowner) as owner, p.prosecdef as definer,
      coalesce(p.proconfig @> array['search_path=app, pg_temp'], false) as path,
      (select array_agg(distinct case when x.grantee = 0 then 'public'
          else replace(pg_get_userbyid(x.grantee), 'callwire_', '') end)
        from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x) as callers,
      (select array_agg(a.name) from unnest(p.proargnames, p.proargmodes) as a (name, mode)
        where a.mode = 't') as outputs
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('app', 'finder')
      or (p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema'))
  `
  const problems: string[] = []
  for (const item of functions) {
    if (item.callers.includes('public')) problems.push(`anybody may call: ${item.name}`)
    if (item.schema !== 'finder') {
      if (item.definer) problems.push(`definer outside the finder: ${item.name}`)
      continue
    }
    const callers = finderFunctions[item.name]
    if (callers === undefined) {
      problems.push(`finder function not in the list: ${item.name}`)
      continue
    }
    if (!item.definer || !item.path || item.owner !== FINDER_ROLE) {
      problems.push(`unsound finder function: ${item.name}`)
    }
    const outside = item.callers.filter((name) => name !== 'finder').toSorted()
    if (outside.join() !== callers.toSorted().join()) {
      problems.push(`wrong callers: ${item.name}`)
    }
    if (item.outputs?.some((output) => !findings.includes(output)) === true) {
      problems.push(`finder gives more than ids: ${item.name}`)
    }
  }
  const known = new Set(functions.map(({ name }) => name))
  return [
    ...problems,
    ...Object.keys(finderFunctions)
      .filter((name) => !known.has(name))
      .map((name) => `finder function missing: ${name}`),
  ]
}
