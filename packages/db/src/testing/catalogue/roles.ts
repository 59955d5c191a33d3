import type postgres from 'postgres'
import { BACKUP_ROLE, OWNER_ROLE } from '../../service-name.ts'
import {
  batchRights,
  credentialReaders,
  installTables,
  logins,
  readerRights,
  roles,
} from './expected.ts'

export async function roleProblems(sql: postgres.Sql): Promise<string[]> {
  const strong = await sql<{ name: string }[]>`
    select rolname as name from pg_roles
    where rolname in ${sql(roles)}
      and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
        or rolcanlogin <> (rolname in ${sql(logins)}))
  `
  const owning = await sql<{ name: string }[]>`
    select distinct r.rolname as name from pg_shdepend d join pg_roles r on r.oid = d.refobjid
    where d.refclassid = 'pg_authid'::regclass and d.deptype = 'o' and r.rolname in ${sql(logins)}
  `
  const members = await sql<{ name: string }[]>`
    select distinct pg_get_userbyid(member) as name from pg_auth_members
    where pg_get_userbyid(member) in ${sql(roles)}
  `
  const grants = await sql<{ name: string }[]>`
    select distinct grantee || ' ' || privilege_type || ' on ' || table_name as name
    from information_schema.table_privileges
    where table_schema = 'app' and grantee <> ${OWNER_ROLE} and (
      privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN') or grantee = 'PUBLIC')
  `
  const readers = await sql<{ name: string }[]>`
    select distinct grantee as name from information_schema.column_privileges
    where table_schema = 'app' and column_name like 'enc\\_%' and privilege_type = 'SELECT'
      and grantee not in ${sql(credentialReaders)}
  `
  return [
    ...strong.map(({ name }) => `role with rights it must not have: ${name}`),
    ...owning.map(({ name }) => `login owns something: ${name}`),
    ...members.map(({ name }) => `role is a member of another: ${name}`),
    ...grants.map(({ name }) => `grant past the fence: ${name}`),
    ...(await grantProblems(sql)),
    ...(await backupProblems(sql)),
    ...readers.map(({ name }) => `reads sealed credentials: ${name}`),
  ]
}

/**
 * Who may do what with the install's own tables, and what the roles of the batches and of the reader
 * may do with any: exactly what the lists say.
 */
async function grantProblems(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ table: string; grants: string[] }[]>`
    with granted as (
      select c.relname, x.grantee, x.privilege_type, a.attname
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
      cross join lateral aclexplode(a.attacl) x
      where c.relnamespace = 'app'::regnamespace
      union all
      select c.relname, x.grantee, x.privilege_type, null
      from pg_class c cross join lateral aclexplode(c.relacl) x
      where c.relnamespace = 'app'::regnamespace
    ), privileges as (
      select relname, grantee, lower(privilege_type) ||
        coalesce('(' || string_agg(attname, ' ' order by attname) || ')', '') as privilege
      from granted group by relname, grantee, privilege_type
    ), holders as (
      select relname, replace(pg_get_userbyid(grantee), 'callwire_', '') || ': ' ||
        string_agg(privilege, ' ' order by privilege) as holder
      from privileges where pg_get_userbyid(grantee) <> ${OWNER_ROLE} group by relname, grantee
    )
    select relname as table, array_agg(holder order by holder) as grants
    from holders group by relname
  `
  const found = new Map(rows.map((row) => [row.table, row.grants.join('; ')]))
  const problemsOf = (role: string, rights: Readonly<Record<string, string>>) => {
    const own = new Map(
      rows.flatMap(({ table, grants }) =>
        grants
          .filter((grant) => grant.startsWith(`${role}: `))
          .map((grant) => [table, grant] as const),
      ),
    )
    return [...new Set([...own.keys(), ...Object.keys(rights)])]
      .filter((table) => own.get(table) !== `${role}: ${rights[table] ?? ''}`)
      .map((table) => `${role} rights not as listed: ${table}`)
  }
  return [
    ...Object.entries(installTables)
      .filter(([table, grants]) => found.get(table) !== grants.join('; '))
      .map(([table]) => `grants not as listed: ${table}`),
    ...problemsOf('batch', batchRights),
    ...problemsOf('reader', readerRights),
  ]
}

/** The backup reads every table, and that is all. */
async function backupProblems(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ name: string; reads: boolean; more: boolean }[]>`
    select c.relname as name, has_table_privilege(${BACKUP_ROLE}, c.oid, 'select') as reads,
      has_any_column_privilege(${BACKUP_ROLE}, c.oid, 'insert, update, references')
        or has_table_privilege(${BACKUP_ROLE}, c.oid, 'delete, truncate, trigger') as more
    from pg_class c where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p')
  `
  const config = await sql`select from pg_roles where rolname = ${BACKUP_ROLE}
    and rolconfig @> array['default_transaction_read_only=on']`
  return [
    ...rows.filter(({ reads }) => !reads).map(({ name }) => `backup cannot read: ${name}`),
    ...rows.filter(({ more }) => more).map(({ name }) => `backup does more than read: ${name}`),
    ...(config.length === 1 ? [] : ['backup is not read-only']),
  ]
}
