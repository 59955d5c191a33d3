import pg from 'pg'
import { textSink, type Sink } from './needles.ts'

/** Runs some statements as the cluster's superuser. */
export async function asSuperuser<T>(url: string, work: (client: pg.Client) => Promise<T>) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Every row of every table, as text, and what the server says of its sessions and logins. */
export async function postgresSinks(url: string): Promise<Sink[]> {
  return asSuperuser(url, async (client) => {
    const tables = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema')
       union all select unnest(array['pg_stat_activity', 'pg_authid', 'pg_settings', 'pg_proc'])`,
    )
    const sinks: Sink[] = []
    for (const { name } of tables.rows) {
      const rows = await client.query<{ text: string }>(`select t::text as text from ${name} t`)
      sinks.push(textSink(`postgres ${name}`, rows.rows.map((row) => row.text).join('\n')))
    }
    return sinks
  })
}
