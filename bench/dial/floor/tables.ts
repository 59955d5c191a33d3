import type postgres from 'postgres'

/** The tables that a call is written to, by the columns of the system's own. */
const tables = {
  calls: 'id',
  call_heads: 'call_id',
  call_events: 'call_id, seq',
  call_keys: 'call_id',
  idempotency_keys: 'tenant_id, route, key',
  audit_log: 'id',
  stream_tokens: 'id',
  account_requests: 'account_sid, id',
} as const

/** The same rows, and nothing else about them: no fences, checks, relations or further indexes. */
export async function createFloorTables(sql: postgres.Sql): Promise<void> {
  await sql.unsafe(`
    create schema floor;
    ${Object.entries(tables)
      .map(
        ([table, key]) => `create table floor.${table} (like app.${table} including defaults);
        alter table floor.${table} add primary key (${key});`,
      )
      .join('\n')}
  `)
}
