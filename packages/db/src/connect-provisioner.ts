import { openClient } from './client.ts'
import type { Found } from './finder.ts'
import { createKeyStore, type KeyStore } from './key-store.ts'
import { ownerRunner } from './keys/runner.ts'
import { OWNER_ROLE } from './service-name.ts'
import { setOperator } from './set-operator.ts'
import { createTransact, type Transact } from './transaction.ts'

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
  /** The tenant whose administrators may run the install's own affairs; null before there is any. */
  operator(): Promise<string | null>
  /**
   * Makes a tenant the operator, whose administrators may run the install's own affairs, in place
   * of the one that is. False when there is no such tenant.
   */
  setOperator(tenantId: string): Promise<boolean>
  /** A database's `keys`, before any service runs: for whoever starts, backs up or restores. */
  keys: KeyStore
  close(): Promise<void>
}

/** `url` is the migrator's (the one `migrateDatabase` takes). */
export function connectProvisioner(o: { url: string }): Provisioner {
  const client = openClient({
    url: o.url,
    applicationName: 'callwire-provisioner',
    maxConnections: 1,
  })
  const runner = ownerRunner(client)
  const first = async <Row>(text: string, ...values: string[]): Promise<Row | null> => {
    const [row] = await runner.rows<Row>(text, values)
    return row ?? null
  }
  return {
    withTenant: createTransact(client, { role: OWNER_ROLE }),
    isEmpty: async () => {
      const row = await first<{ empty: boolean }>('select finder.is_empty() as empty')
      return row?.empty ?? true
    },
    unusedDefault: () =>
      first('select tenant_id as "tenantId", user_id as "userId" from finder.unused_default()'),
    userByEmail: (email) =>
      first('select tenant_id as "tenantId", id from finder.user_by_email($1)', email),
    operator: async () => {
      const row = await first<{ id: string }>(
        'select tenant_id as id from finder.operator_tenant()',
      )
      return row?.id ?? null
    },
    setOperator: (tenantId) => setOperator(runner, tenantId),
    keys: createKeyStore(runner),
    close: () => client.close(),
  }
}
