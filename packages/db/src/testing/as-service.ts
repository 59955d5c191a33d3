import { Client, DatabaseError } from 'pg'

/** A connection past every fence that can also copy. */
export async function copyingClient(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, options: '-c search_path=app' })
  await client.connect()
  return client
}

/** Runs something in a transaction that is always rolled back. */
export async function undone(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query('begin')
  try {
    await work()
  } finally {
    await client.query('rollback')
  }
}

/**
 * Runs something as a service that was granted everything, so that policies alone stand in the
 * way; rolled back after. `unlinked` leaves foreign keys unchecked, for what only policies decide.
 */
export async function asService(
  client: Client,
  o: { tenant: string | null; unlinked?: boolean },
  work: () => Promise<void>,
): Promise<void> {
  const links = o.unlinked === true ? 'replica' : 'origin'
  await undone(client, async () => {
    await client.query(`
      grant all on all tables in schema app to callwire_gateway;
      alter table audit_log disable trigger audit_log_append_only;
      set local session_replication_role = ${links};
      set local role callwire_gateway
    `)
    if (o.tenant !== null) {
      await client.query(`select set_config('app.tenant', $1, true)`, [o.tenant])
    }
    await work()
  })
}

/** How many rows a statement touched, or why it was refused: SQLSTATE, and constraint if one. */
export type Outcome = number | { code: string; constraint: string | null }

/** Leaves the transaction usable after a refusal. */
export async function outcomeOf(client: Client, statement: string): Promise<Outcome> {
  await client.query('savepoint before')
  try {
    const { rowCount } = await client.query(statement)
    return rowCount ?? 0
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    await client.query('rollback to savepoint before')
    return { code: error.code ?? '', constraint: error.constraint ?? null }
  }
}
