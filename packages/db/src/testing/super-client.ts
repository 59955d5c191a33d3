import postgres from 'postgres'

/** A connection past every fence, for what a test arranges and inspects. */
export function superClient(url: string): postgres.Sql & AsyncDisposable {
  const sql = postgres(url, {
    max: 1,
    onnotice: () => undefined,
    connection: { search_path: 'app' },
  })
  return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }) })
}

/** Runs something in a transaction that is always rolled back. */
export async function rolledBack(
  sql: postgres.Sql,
  work: (tx: postgres.Sql) => Promise<void>,
): Promise<void> {
  const undo = new Error('rolled back')
  try {
    await sql.begin(async (tx) => {
      await work(tx as unknown as postgres.Sql)
      throw undo
    })
  } catch (error) {
    if (error !== undo) throw error
  }
}
