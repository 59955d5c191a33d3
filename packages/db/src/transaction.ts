import { NodePgSession, NodePgTransaction } from 'drizzle-orm/node-postgres'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { QueryConfig, QueryResult } from 'pg'
import type { Client, Connection } from './client.ts'
import { DbError, isLost } from './db-error.ts'
import { inOnePiece, type Ready } from './in-one-piece.ts'
import { bindConnection } from './statement.ts'
import { createStatementNames } from './statement-names.ts'
import { requireTenantId } from './tenant-id.ts'

type NoRelations = Record<string, never>

/** A transaction of one tenant. */
export type Tx = NodePgTransaction<NoRelations, NoRelations>

export type Transact = <T>(tenantId: string, work: (tx: Tx) => Promise<T>) => Promise<T>

/**
 * Runs statements of one tenant in one transaction that travels in one piece, for those of which
 * none needs another's answer. Gives the rows of each when they are committed; faults come as
 * DbError, and then nothing was done.
 */
export type AtOnce = <Rows extends readonly unknown[]>(
  tenantId: string,
  ...statements: { readonly [K in keyof Rows]: Ready<Rows[K]> }
) => Promise<{ [K in keyof Rows]: Rows[K][] }>

/** Of each transaction, the statements that nobody waited for: its commit goes right behind them. */
const lastStatements = new WeakMap<Tx, Promise<unknown>[]>()

/**
 * The way to tenants' rows: a transaction with its tenant set, for policies to compare with. The
 * setting ends with the transaction, so a pooled connection carries nothing over.
 */
export function createTransact(client: Client, o: { role?: 'callwire_owner' } = {}): Transact {
  const dialect = new PgDialect()
  const nameOf = createStatementNames()
  return async (tenantId, work) => {
    // Beside its own purpose, this is what lets the id stand in the statement below.
    requireTenantId(tenantId)
    const role = o.role === undefined ? '' : `set local role ${o.role};`
    const begin = `begin; ${role} select set_config('app.tenant', '${tenantId}', true)`
    return client.withConnection((connection) => {
      const named = namedStatements(connection, nameOf)
      // All that drizzle asks of a connection.
      const lent = named as unknown as Connection
      const session = new NodePgSession<NoRelations, NoRelations>(lent, dialect, undefined)
      const tx = new NodePgTransaction<NoRelations, NoRelations>(dialect, session, undefined)
      bindConnection(tx, connection)
      const last: Promise<unknown>[] = []
      lastStatements.set(tx, last)
      return inTransaction(connection, begin, () => work(tx), last)
    })
  }
}

export function createAtOnce(client: Client): AtOnce {
  return async <Rows extends readonly unknown[]>(
    tenantId: string,
    ...statements: { readonly [K in keyof Rows]: Ready<Rows[K]> }
  ) => {
    requireTenantId(tenantId)
    const first = { name: 'set_tenant', text: setTenant, values: [tenantId] }
    const [, ...rows] = await client.withConnection((connection) =>
      inOnePiece(connection, [first, ...statements]),
    )
    return rows as { [K in keyof Rows]: Rows[K][] }
  }
}

/** Ends with the transaction, as it does where a transaction is begun by name. */
const setTenant = `select set_config('app.tenant', $1, true)`

/** A connection whose statements are planned once. */
function namedStatements(connection: Connection, nameOf: (text: string) => string | undefined) {
  return {
    query: (config: QueryConfig, values: readonly unknown[]): Promise<QueryResult> => {
      const name = nameOf(config.text)
      return connection.query({ ...config, ...(name && { name }), values: [...values] })
    },
  }
}

/**
 * Has a transaction commit right behind this statement, without waiting for it first. When the
 * statement fails, so does the transaction, with the statement's error.
 */
export function commitBehind(tx: Tx, statement: Promise<unknown>): void {
  // Its fault is met where the commit is; until then it is nobody's.
  statement.catch(() => undefined)
  const last = lastStatements.get(tx)
  if (last === undefined) throw new TypeError('a statement needs a transaction')
  last.push(statement)
}

/**
 * Commits when the work resolves, rolls back when it rejects. The first statement travels together
 * with the begin: should that fail, no tenant is set and no statement does anything.
 *
 * @param last - statements whose end the commit does not wait for; read when the work has resolved
 */
export async function inTransaction<T>(
  connection: Connection,
  begin: string,
  work: () => Promise<T>,
  last: readonly Promise<unknown>[] = [],
): Promise<T> {
  const begun = connection.query(begin)
  begun.catch(() => undefined)
  try {
    const value = await work()
    const committed = connection.query('commit')
    committed.catch(() => undefined)
    await Promise.all([begun, ...last])
    const { command } = await committed
    // Work that swallowed the fault of a statement: the server rolled back, and calls it success.
    if (command !== 'COMMIT') throw new DbError({ code: 'internal', sqlstate: '25P02' })
    return value
  } catch (error) {
    // A connection that is gone, or silent, is closed by whoever lent it; asking it takes time.
    if (!isLost(error)) await connection.query('rollback')
    throw await firstFault(last, error)
  }
}

/** What nobody waited for may be why the work failed: then that is the error to tell. */
async function firstFault(last: readonly Promise<unknown>[], error: unknown): Promise<unknown> {
  const ends = await Promise.allSettled(last)
  const fault = ends.find((end) => end.status === 'rejected')
  return fault === undefined ? error : (fault.reason as unknown)
}
