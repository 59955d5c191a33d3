import { fillPlaceholders, type SQL } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { Connection } from './client.ts'
import type { Ready } from './in-one-piece.ts'
import type { Tx } from './transaction.ts'

/** Runs in a tenant's transaction; `values` fill the placeholders. Faults come as DbError. */
export type Statement<Values, Row> = ((tx: Tx, values: Values) => Promise<Row[]>) & {
  /** The statement with these values, for {@link Database.atOnce}. */
  with(values: Values): Ready<Row>
}

const connections = new WeakMap<Tx, Connection>()

/** Says which connection a transaction runs on. */
export function bindConnection(tx: Tx, connection: Connection): void {
  connections.set(tx, connection)
}

/**
 * A statement of the hot paths. Its text is built once for the process, and each connection parses
 * and plans it once, under `name`, which must be unlike every other statement's. Rows come as the
 * driver reads them: moments as Date, jsonb parsed, bigint as text.
 */
export function statement<Values extends Record<string, unknown>, Row>(
  name: string,
  query: SQL,
): Statement<Values, Row> {
  const { sql: text, params } = new PgDialect().sqlToQuery(query)
  const fill = (values: Values): Ready<Row> => ({
    name,
    text,
    values: fillPlaceholders(params, values),
  })
  const run = async (tx: Tx, values: Values) => {
    const connection = connections.get(tx)
    if (connection === undefined) throw new TypeError('a statement needs a transaction')
    const ready = fill(values)
    const result = await connection.query({ ...ready, values: [...ready.values] })
    return result.rows as Row[]
  }
  return Object.assign(run, { with: fill })
}
