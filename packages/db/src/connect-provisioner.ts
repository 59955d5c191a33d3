import { openClient, type Client } from './client.ts'
import type { Found } from './finder.ts'
import { rowOf } from './query.ts'
import { OWNER_ROLE } from './service-name.ts'
import { toDbError } from './db-error.ts'
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
  close(): Promise<void>
}

const CLOSE_GRACE_S = 5

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
      const row = await asOwner(client, (sql) =>
        rowOf<{ empty: boolean }>(sql`select finder.is_empty() as empty`),
      )
      return row?.empty ?? true
    },
    unusedDefault: () =>
      asOwner(client, (sql) =>
        rowOf<{ tenantId: string; userId: string }>(
          sql`select tenant_id as "tenantId", user_id as "userId" from finder.unused_default()`,
        ),
      ),
    userByEmail: (email) =>
      asOwner(client, (sql) =>
        rowOf<Found>(sql`select tenant_id as "tenantId", id from finder.user_by_email(${email})`),
      ),
    close: async () => {
      await client.end({ timeout: CLOSE_GRACE_S })
    },
  }
}

async function asOwner<T>(client: Client, ask: (sql: Client) => Promise<T>): Promise<T> {
  try {
    const answer = await client.begin(async (sql) => {
      await sql`set local role ${sql(OWNER_ROLE)}`
      return { value: await ask(sql as unknown as Client) }
    })
    return answer.value
  } catch (error) {
    throw toDbError(error)
  }
}
