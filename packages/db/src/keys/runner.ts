import type { Client, Connection } from '../client.ts'
import { OWNER_ROLE } from '../service-name.ts'
import { inTransaction } from '../transaction.ts'

export type Rows = <Row>(text: string, values?: readonly unknown[]) => Promise<Row[]>

/** Runs statements on the install's own tables, which belong to no tenant. */
export type Runner = {
  rows: Rows
  transaction<T>(work: (rows: Rows) => Promise<T>): Promise<T>
}

/** As the login itself. */
export function loginRunner(client: Client): Runner {
  return { rows: (text, values) => client.rows(text, values), transaction: begun(client, 'begin') }
}

/** As the owner, which the migrator's login may act as. */
export function ownerRunner(client: Client): Runner {
  const transaction = begun(client, `begin; set local role ${OWNER_ROLE}`)
  return { rows: (text, values) => transaction((rows) => rows(text, values)), transaction }
}

function begun(client: Client, begin: string): Runner['transaction'] {
  return (work) =>
    client.withConnection((connection) =>
      inTransaction(connection, begin, () => work(rowsOf(connection))),
    )
}

function rowsOf(connection: Connection): Rows {
  return async <Row>(text: string, values: readonly unknown[] = []) => {
    const result = await connection.query(text, [...values])
    return result.rows as Row[]
  }
}
