import type postgres from 'postgres'
import {
  BACKUP_ROLE,
  BATCH_ROLE,
  FINDER_ROLE,
  OWNER_ROLE,
  READER_ROLE,
} from '../../service-name.ts'
import {
  batchRights,
  installTables,
  installWideUnique,
  ownersTables,
  readerRights,
  services,
} from './expected.ts'

/** As the server spells it when app is the search path; another schema's function would be named. */
const fence = '(tenant_id = ( SELECT tenant_id() AS tenant_id))'
const batchFence = '(tenant_id = ANY (( SELECT batch.tenant_ids() AS tenant_ids)::text[]))'

export async function tableProblems(sql: postgres.Sql): Promise<string[]> {
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
    .filter((table) => installTables[table.name] === undefined)
    .flatMap((table) => [
      ...(table.column ? [] : [`no tenant_id: ${table.name}`]),
      ...(table.first ? [] : [`tenant_id not first in the key: ${table.name}`]),
      ...(table.fenced ? [] : [`no forced row security: ${table.name}`]),
      ...(table.owner === OWNER_ROLE ? [] : [`wrong owner: ${table.name}`]),
    ])
}

export async function policyProblems(sql: postgres.Sql): Promise<string[]> {
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
    if (installTables[name] !== undefined) continue
    const batch = batchRights[name] === undefined ? [] : ['batch']
    const reader = readerRights[name] === undefined ? [] : ['reader']
    for (const needed of ['tenant', 'backup', ...batch, ...reader]) {
      const own = policies.filter((policy) => policy.table === name && policy.name === needed)
      if (own.length !== 1) problems.push(`no ${needed} policy: ${name}`)
    }
  }
  for (const policy of policies) {
    const holders = policy.roles.toSorted().join()
    const isFence = (text: string) => policy.using === text && policy.check === text
    const fenced = isFence(fence) && policy.command === 'ALL'
    const together = isFence(batchFence) && policy.command === 'ALL'
    const lookedAt = policy.using === batchFence && policy.command === 'SELECT'
    const reading = policy.command === 'SELECT' && policy.using === 'true'
    const sound: Record<string, boolean> = {
      tenant: fenced && holders === services.toSorted().join(),
      owner: fenced && holders === OWNER_ROLE && ownersTables.includes(policy.table),
      finder: reading && holders === FINDER_ROLE,
      batch: together && holders === BATCH_ROLE && batchRights[policy.table] !== undefined,
      reader: lookedAt && holders === READER_ROLE && readerRights[policy.table] !== undefined,
      backup: reading && holders === BACKUP_ROLE,
    }
    if (sound[policy.name] !== true)
      problems.push(`unsound policy: ${policy.name} on ${policy.table}`)
  }
  return problems
}

export async function relationProblems(sql: postgres.Sql): Promise<string[]> {
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
  const unique = await sql<{ name: string }[]>`
    select i.relname as name
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
    where c.relnamespace = 'app'::regnamespace and x.indisunique
      and c.relname not in ${sql(Object.keys(installTables))}
      and not exists (select from pg_attribute a
        where a.attrelid = c.oid and a.attnum = any(x.indkey) and a.attname = 'tenant_id')
  `
  const found = new Set(unique.map(({ name }) => name))
  return [
    ...keys.map(({ name }) => `foreign key without tenant: ${name}`),
    ...[...found]
      .filter((name) => installWideUnique[name] === undefined)
      .map((name) => `unique across tenants: ${name}`),
    ...Object.keys(installWideUnique)
      .filter((name) => !found.has(name))
      .map((name) => `unique index missing: ${name}`),
    ...views.map(({ name }) => `view past the fence: ${name}`),
  ]
}
