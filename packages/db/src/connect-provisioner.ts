import { openClient, type Client } from './client.ts'
import type { Found } from './finder.ts'
import { OWNER_ROLE } from './service-name.ts'
import { createTransact, inTransaction, type Transact } from './transaction.ts'

/** Makes tenants, with the migrator's login acting as the owner: forced policies hold for it too. */
export type Provisioner = {
  /** As a database's `withTenant`, for the tables of accounts and the audit log. */
  withTenant: Transact
  /** No tenant at all. */
  isEmpty(): Promise<boolean>
  /** The default tenant and its owner, while nobody ever signed in to it. */
  unusedDefault(): Promise<{ tenantId: string; userId: string } | null>
  /** Compares without regard to case. */
  userByEmail(email: string): Promise<Found | null>
  close(): Promise<void>
}

/** `url` is the migrator's (the one `migrateDatabase` takes). */
export function connectProvisioner(o: { url: string }): Provisioner {
  const client = openClient({
    url: o.url,
    applicationName: 'callwire-provisioner',
    maxConnections: 1,
  })
  return {
    withTenant: createTransact(client, { role: OWNER_ROLE }),
    isEmpty: async () => {
      const row = await firstAsOwner<{ empty: boolean }>(
        client,
        'select finder.is_empty() as empty',
      )
      return row?.empty ?? true
    },
    unusedDefault: () =>
      firstAsOwner(
        client,
        'select tenant_id as "tenantId", user_id as "userId" from finder.unused_default()',
      ),
    userByEmail: (email) =>
      firstAsOwner(
        client,
        'select tenant_id as "tenantId", id from finder.user_by_email($1)',
        email,
      ),
    close: () => client.close(),
  }
}

/** The first row of a finder function, or null. */
function firstAsOwner<Row>(client: Client, text: string, ...values: string[]): Promise<Row | null> {
  const begin = `begin read only; set local role ${OWNER_ROLE}`
  return client.withConnection((connection) =>
    inTransaction(connection, begin, async () => {
      const result = await connection.query(text, values)
      return (result.rows[0] as Row | undefined) ?? null
    }),
  )
}
