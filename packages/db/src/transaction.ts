import { isId } from '@callwire/contracts'
import { sql } from 'drizzle-orm'
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type { Client } from './client.ts'
import { DbError, toDbError } from './db-error.ts'

type NoRelations = Record<string, never>

/** A transaction of one tenant. */
export type Tx = Parameters<Parameters<PostgresJsDatabase<NoRelations>['transaction']>[0]>[0]

export type Transact = <T>(tenantId: string, work: (tx: Tx) => Promise<T>) => Promise<T>

/** Transactions waiting for a connection or running: more than this is a flood, not a burst. */
const MAX_TRANSACTIONS = 1_000

/**
 * The way to tenants' rows: a transaction with its tenant set, for policies to compare with. The
 * setting ends with the transaction, so a pooled connection carries nothing over.
 */
export function createTransact(client: Client, o: { role?: 'callwire_owner' } = {}): Transact {
  const database: PostgresJsDatabase<NoRelations> = drizzle(client)
  let running = 0
  return async (tenantId, work) => {
    if (!isId('tenant', tenantId)) {
      throw new DbError({ code: 'invalid', message: 'That is not the id of a tenant' })
    }
    if (running >= MAX_TRANSACTIONS) throw new DbError({ code: 'unavailable' })
    running += 1
    try {
      return await database.transaction(async (tx) => {
        if (o.role !== undefined) await tx.execute(sql`set local role ${sql.identifier(o.role)}`)
        await tx.execute(sql`select set_config('app.tenant', ${tenantId}, true)`)
        return work(tx)
      })
    } catch (error) {
      throw toDbError(error)
    } finally {
      running -= 1
    }
  }
}
