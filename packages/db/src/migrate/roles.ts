import type { Client } from '../client.ts'
import { DbError } from '../db-error.ts'
import {
  BACKUP_ROLE,
  BATCH_ROLE,
  FINDER_ROLE,
  loginOf,
  OWNER_ROLE,
  READER_ROLE,
  serviceNames,
  type ServiceName,
} from '../service-name.ts'
import { scramVerifier } from './scram.ts'

const OLDEST_SERVER = 150_000

/** Stops with the missing right's name when the login cannot migrate. A superuser can. */
export async function requireMigrator(client: Client): Promise<void> {
  const [login] = await client.rows<{
    super: boolean
    createRole: boolean
    owns: boolean
    version: number
  }>(`
    select rolsuper as super, rolcreaterole as "createRole",
      (select pg_has_role(r.oid, d.datdba, 'usage') from pg_database d
        where d.datname = current_database()) as owns,
      current_setting('server_version_num')::int as version
    from pg_roles r where rolname = session_user
  `)
  const missing =
    login === undefined
      ? 'it is not a role'
      : login.version < OLDEST_SERVER
        ? 'the server is older than PostgreSQL 15'
        : login.super
          ? null
          : !login.createRole
            ? 'its login lacks CREATEROLE'
            : !login.owns
              ? 'its login does not own the database'
              : null
  if (missing !== null) {
    throw new DbError({ code: 'migration', message: `DATABASE_URL cannot migrate: ${missing}` })
  }
}

/**
 * Makes the roles that are missing and gives the migrator its seat in the four that own things and
 * in the backup's, which it may act as; the backup has a login, and no password unless given one.
 * Roles belong to the whole cluster, and advisory locks to one database: two migrators of two
 * databases may meet here, so whoever comes second tries again and finds it done.
 */
export async function ensureRoles(client: Client): Promise<void> {
  for (const name of [OWNER_ROLE, FINDER_ROLE, BATCH_ROLE, READER_ROLE]) {
    await insist(() => createRole(client, name, 'nologin'))
    await insist(() => joinRole(client, name))
  }
  for (const service of serviceNames) {
    await insist(() => createRole(client, loginOf(service), 'login'))
  }
  await insist(() => createRole(client, BACKUP_ROLE, 'login'))
  await insist(() => keepReadOnly(client))
  await insist(() => joinRole(client, BACKUP_ROLE))
  await refuseForeignRights(client)
}

/** Sets each service's password anew. What is sent is a verifier, never the password. */
export async function setPasswords(
  client: Client,
  passwords: Readonly<Record<ServiceName, string>>,
  backupPassword?: string,
): Promise<void> {
  for (const service of serviceNames) {
    await setPassword(client, loginOf(service), passwords[service])
  }
  if (backupPassword !== undefined) await setPassword(client, BACKUP_ROLE, backupPassword)
}

async function setPassword(client: Client, name: string, password: string) {
  const verifier = await scramVerifier(password)
  await insist(() => client.rows(`alter role ${name} login password '${verifier}'`))
}

async function createRole(client: Client, name: string, login: 'login' | 'nologin') {
  const known = await client.rows('select from pg_roles where rolname = $1', [name])
  if (known.length > 0) return
  await client.rows(
    `create role ${name} ${login} nosuperuser nocreatedb nocreaterole noreplication`,
  )
  if (login === 'login') await client.rows(`alter role ${name} set search_path = app`)
}

/** A transaction that writes has to say so first. The grants alone are what forbids it. */
async function keepReadOnly(client: Client) {
  const known = await client.rows(
    `select from pg_roles
    where rolname = $1 and rolconfig @> array['default_transaction_read_only=on']`,
    [BACKUP_ROLE],
  )
  if (known.length > 0) return
  await client.rows(`alter role ${BACKUP_ROLE} set default_transaction_read_only = on`)
}

async function joinRole(client: Client, name: string) {
  // From PostgreSQL 16 on, who makes a role may grant it and not yet act as it.
  const [seat] = await client.rows<{ member: boolean }>(
    `select pg_has_role(session_user, $1::name, 'usage') and pg_has_role(session_user, $1::name,
      case when current_setting('server_version_num')::int < 160000 then 'member' else 'set' end
    ) as member`,
    [name],
  )
  if (seat?.member !== true) await client.rows(`grant ${name} to current_user`)
}

/** A role of our name that somebody gave more rights would look past the fence. */
async function refuseForeignRights(client: Client) {
  const owners = [OWNER_ROLE, FINDER_ROLE, BATCH_ROLE, READER_ROLE]
  const names = [...owners, BACKUP_ROLE, ...serviceNames.map(loginOf)]
  const [strong] = await client.rows<{ name: string }>(
    `select rolname as name from pg_roles
    where rolname = any($1) and (rolsuper or rolbypassrls or rolcreaterole) limit 1`,
    [names],
  )
  if (strong !== undefined) {
    throw new DbError({
      code: 'unsafe_role',
      message: `Role ${strong.name} has rights that it must not have`,
    })
  }
}

/** Enough for every migrator of a busy test run to pass. */
const ATTEMPTS = 20
const PAUSE_MS = 25

/** Unique violations of the role table, an object that exists, a row changed by another. */
const lostRace = new Set(['23505', '42710', 'XX000', '40001', '40P01'])

async function insist(step: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await step()
      return
    } catch (error) {
      const again = error instanceof DbError && lostRace.has(error.sqlstate ?? '')
      if (!again || attempt === ATTEMPTS) throw error
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt))
    }
  }
}
