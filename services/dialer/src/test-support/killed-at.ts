import type { Database } from '@callwire/db'
import { sql } from 'drizzle-orm'

/** A database whose connection dies right before the first change of this table. */
export function killedAt(database: Database, table: string): Database {
  return {
    ...database,
    withTenant: (tenantId, work) =>
      database.withTenant(tenantId, (tx) => {
        const fatal = (method: 'insert' | 'update' | 'delete') => (target: object) => {
          const name = (target as Record<symbol, unknown>)[Symbol.for('drizzle:Name')]
          if (name === table) {
            void tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`).catch(() => null)
          }
          return (tx[method] as (target: object) => unknown)(target)
        }
        const dying = new Proxy(tx, {
          get: (of, name) =>
            name === 'insert' || name === 'update' || name === 'delete'
              ? fatal(name)
              : (Reflect.get(of, name) as unknown),
        })
        return work(dying)
      }),
  }
}
