import { isId } from '@callwire/contracts'
import { NodePgSession, NodePgTransaction } from 'drizzle-orm/node-postgres'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { Client, Connection } from './client.ts'
import { DbError, isLost } from './db-error.ts'
import { bindConnection } from './statement.ts'

type NoRelations = Record<string, never>

/** A transaction of one tenant. */
export type Tx = NodePgTransaction<NoRelations, NoRelations>

export type Transact = <T>(tenantId: string, work: (tx: Tx) => Promise<T>) => Promise<T>

/**
 * The way to tenants' rows: a transaction with its tenant set, for policies to compare with. The
 * setting ends with the transaction, so a pooled connection carries nothing over.
 */
export function createTransact(client: Client, o: { role?: 'callwire_owner' } = {}): Transact {
  const dialect = new PgDialect()
  return async (tenantId, work) => {
    // Beside its own purpose, this is what lets the id stand in the statement below.
    if (!isId('tenant', tenantId)) {
      throw new DbError({ code: 'invalid', message: 'That is not the id of a tenant' })
    }
    const role = o.role === undefined ? '' : `set local role ${o.role};`
    const begin = `begin; ${role} select set_config('app.tenant', '${tenantId}', true)`
    return client.withConnection(async (connection) => {
      const session = new NodePgSession<NoRelations, NoRelations>(connection, dialect, undefined)
      const tx = new NodePgTransaction<NoRelations, NoRelations>(dialect, session, undefined)
      bindConnection(tx, connection)
      return inTransaction(connection, begin, () => work(tx))
    })
  }
}

/** Commits when the work resolves, rolls back when it rejects. */
export async function inTransaction<T>(
  connection: Connection,
  begin: string,
  work: () => Promise<T>,
): Promise<T> {
  await connection.query(begin)
  try {
    const value = await work()
    const { command } = await connection.query('commit')
    // Work that swallowed the fault of a statement: the server rolled back, and calls it success.
    if (command !== 'COMMIT') throw new DbError({ code: 'internal', sqlstate: '25P02' })
    return value
  } catch (error) {
    // A connection that is gone, or silent, is closed by whoever lent it; asking it takes time.
    if (!isLost(error)) await connection.query('rollback')
    throw error
  }
}
