import postgres from 'postgres'

/** How many rows each table holds, past every fence. `url` is the migrator's. */
export async function rowCounts(url: string): Promise<Record<string, number>> {
  return withDatabase(url, async (sql) => {
    const tables = await sql<{ name: string }[]>`
      select table_name as name from information_schema.tables where table_schema = 'app' order by 1`
    const counts: Record<string, number> = {}
    for (const { name } of tables) {
      const [row] = await sql<{ n: number }[]>`select count(*)::int as n from app.${sql(name)}`
      counts[name] = row?.n ?? 0
    }
    return counts
  })
}

/** Everything the database holds, as one text: for searching it for what must not be there. */
export async function databaseText(url: string): Promise<string> {
  return withDatabase(url, async (sql) => {
    const tables = await sql<{ name: string }[]>`
      select table_name as name from information_schema.tables where table_schema = 'app' order by 1`
    const texts: string[] = []
    for (const { name } of tables) {
      const rows = await sql<{ text: string }[]>`
        select row_to_json(t)::text as text from app.${sql(name)} t`
      texts.push(...rows.map((row) => `${name} ${row.text}`))
    }
    return texts.join('\n')
  })
}

/** The rows of one table, as they are. */
export async function rowsOf(url: string, table: string): Promise<Record<string, unknown>[]> {
  return withDatabase(url, async (sql) => [...(await sql`select * from app.${sql(table)}`)])
}

/** Changes rows past every fence, as whoever writes the database could. */
export async function changeRows(
  url: string,
  table: string,
  where: { key: string },
  values: Record<string, string>,
): Promise<void> {
  await withDatabase(
    url,
    (sql) => sql`update app.${sql(table)} set ${sql(values)} where key = ${where.key}`,
  )
}

/** Takes a tenant out of an install, past every rule that would keep it; what it did stays. */
export async function removeTenant(url: string, tenantId: string): Promise<void> {
  await withDatabase(url, async (sql) => {
    await sql`set session_replication_role = replica`
    await sql`delete from app.tenants where tenant_id = ${tenantId}`
  })
}

/** Changes one row past every fence, as nobody but a test may. */
export async function changeRow(
  url: string,
  table: string,
  id: string,
  set: Record<string, string | number | boolean | Date | null | object[]>,
): Promise<void> {
  await withDatabase(url, async (sql) => {
    const values = Object.fromEntries(
      Object.entries(set).map(([name, value]) => [
        name,
        Array.isArray(value) ? sql.json(value as postgres.JSONValue) : value,
      ]),
    )
    await sql`update app.${sql(table)} set ${sql(values)} where id = ${id}`
  })
}

/** Adds a row past every fence. */
export async function insertRow(
  url: string,
  table: string,
  row: Record<string, string | number | null | Record<string, string | number>>,
): Promise<void> {
  await withDatabase(url, (sql) => {
    const values = Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        typeof value === 'object' && value !== null ? sql.json(value) : value,
      ]),
    )
    return sql`insert into app.${sql(table)} ${sql(values)}`
  })
}

async function withDatabase<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}
