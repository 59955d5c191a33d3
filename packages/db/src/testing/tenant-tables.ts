import type postgres from 'postgres'

/** A tenants' table as the catalogue knows it. */
export type TenantTable = {
  name: string
  /** Whatever may be written: not what the database makes itself. */
  columns: string[]
  key: string[]
}

/** Every table that has a tenant. */
export function tenantTables(sql: postgres.Sql): Promise<TenantTable[]> {
  return sql<TenantTable[]>`
    select c.relname as name,
      (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          and a.attgenerated = '') as columns,
      (select array_agg(a.attname::text order by k.place)
        from pg_index i cross join lateral unnest(i.indkey) with ordinality as k (number, place)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
        where i.indrelid = c.oid and i.indisprimary) as key
    from pg_class c
    where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and exists (
      select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')
    order by c.relname
  `
}

/** A foreign key, without the tenant that both sides share. */
export type Reference = { name: string; table: string; columns: string[] }

/** Every foreign key between tenants' tables that names more than the tenant. */
export function references(sql: postgres.Sql): Promise<Reference[]> {
  return sql<Reference[]>`
    select k.conname as name, c.relname as table, array_agg(a.attname::text) as columns
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    join pg_attribute a on a.attrelid = c.oid and a.attnum = any(k.conkey)
    where c.relnamespace = 'app'::regnamespace and k.contype = 'f' and a.attname <> 'tenant_id'
    group by k.conname, c.relname order by k.conname
  `
}

/** Inserts one row, as it is stored, of what may be written. */
export function insertion(table: TenantTable, row: Record<string, unknown>): string {
  const json = JSON.stringify(row).replaceAll("'", "''")
  const columns = table.columns.join(', ')
  return `insert into ${table.name} (${columns})
    select ${columns} from jsonb_populate_record(null::${table.name}, '${json}')`
}

/** The same, taking the place of the row that has its key. */
export function upsertion(table: TenantTable, row: Record<string, unknown>): string {
  return `${insertion(table, row)} on conflict (${table.key.join(', ')})
    do update set tenant_id = excluded.tenant_id`
}
