import type { Connection } from '../client.ts'
import { BACKUP_ROLE } from '../service-name.ts'
import { BackupError } from './backup-error.ts'
import { foreignKeyOrder, type Reference } from './foreign-key-order.ts'
import type { BackupTable } from './records.ts'

/** The names of all tables of the schema; empty when there is no schema. */
export async function tableNames(sql: Connection): Promise<string[]> {
  const { rows } = await sql.query<{ name: string }>(`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'app' and c.relkind in ('r', 'p') and not c.relispartition
    order by c.relname`)
  return rows.map((row) => row.name)
}

/**
 * Every table of the schema, in an order in which rows can be inserted. A column is sealed when a
 * CHECK or a generated column looks for the mark of a sealed text in it.
 */
export async function readTables(sql: Connection): Promise<BackupTable[]> {
  const { rows } = await sql.query<BackupTable>(`
    with own as (
      select c.oid, c.relname from pg_class c
      where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p')
        and not c.relispartition
    ), stored as (
      select a.attrelid, a.attnum, a.attname::text from pg_attribute a
      where a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    )
    select own.relname as name,
      array(select s.attname from stored s where s.attrelid = own.oid
        order by s.attnum) as columns,
      array(select s.attname from stored s where s.attrelid = own.oid and (
          exists (select from pg_constraint k
            where k.conrelid = own.oid and k.contype = 'c' and s.attnum = any (k.conkey)
              and pg_get_constraintdef(k.oid) ~ 'cw1')
          or exists (select from pg_attrdef d join pg_attribute g
              on g.attrelid = d.adrelid and g.attnum = d.adnum and g.attgenerated <> ''
            where d.adrelid = own.oid and pg_get_expr(d.adbin, d.adrelid) ~ 'cw1'
              and pg_get_expr(d.adbin, d.adrelid) ~ ('\\m' || s.attname || '\\M')))
        order by s.attnum) as sealed
    from own`)
  const references = await sql.query<Reference>(`
    select t.relname as table, r.relname as to, k.condeferrable as deferrable
    from pg_constraint k join pg_class t on t.oid = k.conrelid join pg_class r on r.oid = k.confrelid
    where k.contype = 'f' and t.relnamespace = 'app'::regnamespace`)
  const tables = new Map(rows.map((table) => [table.name, table]))
  const order = foreignKeyOrder([...tables.keys()], references.rows)
  if (order === null) {
    throw new BackupError('not_ready', 'Tables refer to each other in a circle, so no order fits.')
  }
  return order.flatMap((name) => tables.get(name) ?? [])
}

/**
 * Tables that the backup's role would read in part or not at all: without its policy a fence does
 * not refuse, it shows nothing.
 */
export async function unreadableTables(sql: Connection): Promise<string[]> {
  const { rows } = await sql.query<{ name: string }>(
    `with me as (select oid from pg_roles where rolname = $1)
    select c.relname as name from pg_class c, me
    where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and (
      not has_table_privilege(me.oid, c.oid, 'select')
      or c.relrowsecurity and (
        not exists (select from pg_policy p
          where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('r', '*')
            and me.oid = any (p.polroles) and pg_get_expr(p.polqual, p.polrelid) = 'true')
        or exists (select from pg_policy p
          where p.polrelid = c.oid and not p.polpermissive and p.polcmd in ('r', '*')
            and (me.oid = any (p.polroles) or 0::oid = any (p.polroles)))))
    order by c.relname`,
    [BACKUP_ROLE],
  )
  return rows.map((row) => row.name)
}

/** What must stand before a restored database is given away, as `rule: what`; empty when all does. */
export async function fallenFences(sql: Connection): Promise<string[]> {
  const { rows } = await sql.query<{ problem: string }>(`
    select 'no forced row security: ' || c.relname as problem
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p')
      and not (c.relrowsecurity and c.relforcerowsecurity)
    union all
    select 'no tenant policy: ' || c.relname
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p')
      and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'tenant')
    union all
    select 'key not valid: ' || k.conname from pg_constraint k
    where k.connamespace = 'app'::regnamespace and not k.convalidated
    union all
    select 'trigger off: ' || t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where c.relnamespace = 'app'::regnamespace and t.tgenabled in ('D', 'R')
    union all
    select 'audit log may be changed'
    where not exists (select from pg_trigger t where t.tgname = 'audit_log_append_only'
      and t.tgrelid = 'app.audit_log'::regclass and t.tgenabled = 'A')`)
  return rows.map((row) => row.problem)
}

/** A name in double quotes. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function columnList(table: BackupTable): string {
  return table.columns.map(quoted).join(', ')
}
