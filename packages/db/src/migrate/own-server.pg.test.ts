import { eventually, testPostgres, type OwnStore } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  connectDatabase,
  connectProvisioner,
  migrateDatabase,
  serviceDatabaseUrl,
  serviceNames,
} from '../index.ts'
import type { ServiceName } from '../index.ts'
import { catalogueProblems } from '../testing/catalogue/index.ts'
import { fillTenant, idOf } from '../testing/fill-tenant.ts'
import { superClient } from '../testing/super-client.ts'

const passwords = Object.fromEntries(
  serviceNames.map((service) => [service, `a-password-of-${service}`]),
) as Record<ServiceName, string>

let server: OwnStore
let url: string

beforeAll(async () => {
  server = await testPostgres({ own: true })
  await using sql = superClient(server.url)
  await sql`create role a_migrator login createrole password 'a-password'`
  await sql`create database of_its_own owner a_migrator`
  const own = new URL(server.url)
  own.pathname = '/of_its_own'
  url = own.href
})
afterAll(() => server[Symbol.asyncDispose]())

/** The database's URL for some login. */
function loginUrl(username: string, password: string): string {
  const own = new URL(url)
  own.username = username
  own.password = password
  return own.href
}
const migrator = () => loginUrl('a_migrator', 'a-password')

test('a migrator that is no superuser makes everything on a fresh server', async () => {
  await migrateDatabase({ url: migrator(), passwords })
  await migrateDatabase({ url: migrator(), passwords })
  await using sql = superClient(url)
  expect(await catalogueProblems(sql)).toEqual([])
  const [verifier] = await sql`select rolpassword from pg_authid where rolname = 'callwire_dialer'`
  expect(verifier?.['rolpassword']).toMatch(/^SCRAM-SHA-256\$/)
})

test('the same migrator acts as the owner and as the backup', async () => {
  const provisioner = connectProvisioner({ url: migrator() })
  try {
    expect(await provisioner.keys.introduce('k2', { primary: 'k1' })).toMatchObject({ kid: 'k2' })
    expect(await provisioner.keys.promote('k2', { from: 'k1' })).toBe(true)
    expect(await provisioner.keys.keyIds()).toEqual([])
    expect(await provisioner.setOperator(idOf('ten', 1))).toBe(false)
  } finally {
    await provisioner.close()
  }
  await using sql = superClient(migrator())
  await sql`set role callwire_backup`
  expect(await sql`select kid from key_state`).toHaveLength(2)
  await expect(sql`delete from key_state`).rejects.toMatchObject({ code: '42501' })
})

test('the backup has no password until it is given one, and then reads only', async () => {
  await using sql = superClient(url)
  const verifier = () => sql`select rolpassword from pg_authid where rolname = 'callwire_backup'`
  expect(await verifier()).toEqual([{ rolpassword: null }])
  const backupPassword = 'a-backup-password'
  await migrateDatabase({ url: migrator(), passwords, backupPassword })
  await migrateDatabase({ url: migrator(), passwords })
  await fillTenant(sql, 1)
  await fillTenant(sql, 2)
  await using backup = superClient(loginUrl('callwire_backup', backupPassword))
  expect(await backup`select tenant_id from calls`).toHaveLength(2)
  const write = 'update calls set attempt = 2'
  await expect(backup.unsafe(write)).rejects.toMatchObject({ code: '25006' })
  await backup`set default_transaction_read_only = off`
  await expect(backup.unsafe(write)).rejects.toMatchObject({ code: '42501' })
})

test('a pool outlives its server: outage while it is away, then as before', async () => {
  const database = await connectDatabase({
    url: serviceDatabaseUrl(url, 'gateway', passwords.gateway),
    applicationName: 'test',
  })
  try {
    await Promise.all(Array.from({ length: 10 }, () => database.ping()))
    await server.stop()
    await expect(database.ping()).rejects.toMatchObject({ code: 'unavailable' })
    await server.restart()
    await eventually(() =>
      database.ping().then(
        () => true,
        () => false,
      ),
    )
  } finally {
    await database.close()
  }
})
