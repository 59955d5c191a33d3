import { createAccountRequests, type AccountRequests } from './account-requests.ts'
import { createBatch, type Batch } from './batch.ts'
import { DEFAULT_MAX_CONNECTIONS, openClient, type Client } from './client.ts'
import { DbError } from './db-error.ts'
import { createFinder, type Finder } from './finder.ts'
import { createKeyStore, type KeyStore } from './key-store.ts'
import { loginRunner } from './keys/runner.ts'
import { createReader, type Reader } from './reader.ts'
import { OWNER_ROLE } from './service-name.ts'
import { createAtOnce, createTransact, type AtOnce, type Transact } from './transaction.ts'

/** The one way to the tables. */
export type Database = {
  /**
   * Runs `work` in a transaction that sees and writes one tenant's rows alone; commits when it
   * resolves, rolls back when it rejects. Faults of the database come as {@link DbError}; what
   * `work` itself throws comes as it is.
   */
  withTenant: Transact
  atOnce: AtOnce
  reader: Reader
  batch: Batch
  finder: Finder
  /** The dialer's alone. */
  accountRequests: AccountRequests
  /** The install's keys: which there are, who holds them, what names them. */
  keys: KeyStore
  /** Resolves when the database answers and takes writes: a standby, or one set read-only, still reads. */
  ping(): Promise<void>
  /** The database's clock, epoch ms with fractions. */
  nowMs(): Promise<number>
  /** Waits a few seconds for running transactions. */
  close(): Promise<void>
}

/**
 * Connects with a service's own login.
 *
 * Throws DbError `unsafe_role` when that login is a superuser, bypasses row-level security or may
 * act as the owner; `migration` when the schema is not there; `unavailable` when nothing answers.
 */
export async function connectDatabase(o: {
  url: string
  applicationName: string
  maxConnections?: number
}): Promise<Database> {
  const client = openClient({
    url: o.url,
    applicationName: o.applicationName,
    maxConnections: o.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
  })
  try {
    await refuseUnsafeLogin(client)
  } catch (error) {
    await client.close()
    throw error
  }
  return {
    withTenant: createTransact(client),
    atOnce: createAtOnce(client),
    reader: createReader(client),
    batch: createBatch(client),
    finder: createFinder(client),
    accountRequests: createAccountRequests(client),
    keys: createKeyStore(loginRunner(client)),
    ping: async () => {
      const [answer] = await client.rows<{ isReadOnly: boolean }>(
        `select current_setting('transaction_read_only') = 'on' as "isReadOnly"`,
      )
      if (answer?.isReadOnly !== false) throw new DbError({ code: 'refuses_writes' })
    },
    nowMs: async () => {
      const [row] = await client.rows<{ nowMs: number }>(
        `select (extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"`,
      )
      if (row === undefined) throw new DbError({ code: 'internal' })
      return row.nowMs
    },
    close: () => client.close(),
  }
}

async function refuseUnsafeLogin(client: Client): Promise<void> {
  const [login] = await client.rows<{ unsafe: boolean; migrated: boolean }>(
    `select
      r.rolsuper or r.rolbypassrls or r.rolcreaterole or exists (
        select from pg_roles o
        where o.rolname = $1 and pg_has_role(r.oid, o.oid, 'member')
      ) as unsafe,
      to_regnamespace('app') is not null and to_regnamespace('finder') is not null as migrated
    from pg_roles r where r.rolname = session_user`,
    [OWNER_ROLE],
  )
  if (login === undefined || login.unsafe) {
    throw new DbError({ code: 'unsafe_role', level: 'fatal' })
  }
  if (!login.migrated) {
    throw new DbError({ code: 'migration', message: 'The database has no Callwire schema yet' })
  }
}
