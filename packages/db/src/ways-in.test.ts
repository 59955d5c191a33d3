import { is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as backup from './backup/index.ts'
import * as main from './index.ts'

const root = join(import.meta.dirname, '../../..')

/** What can be called, and what of the tables it reaches. */
const functions: Readonly<Record<string, string>> = {
  callToDialIn: 'the reader, in a transaction of withTenant',
  commitBehind: 'the end of a transaction of withTenant',
  connectDatabase: 'withTenant, the finder, the keys: see database.pg.test.ts',
  connectProvisioner: 'withTenant as the owner, the finder, the keys: see database.pg.test.ts',
  DbError: 'nothing',
  followDatabaseClock: 'nothing: it is lent the one question that it asks',
  isUniqueViolation: 'nothing',
  mayBeOfOne: 'nothing',
  migrateDatabase: 'the schema, and no rows',
  serviceDatabaseUrl: 'nothing',
  statement: 'what a transaction of withTenant reaches',
  tenantCountIn: 'a number of the finder, in a transaction of withTenant',
}

const called = (module: object) =>
  Object.entries(module)
    .filter(([, value]) => typeof value === 'function')
    .map(([name]) => name)

test('nothing that this package gives away takes SQL but a transaction of one tenant', () => {
  const tables = Object.entries(main).filter(([, value]) => is(value, PgTable))
  const rest = Object.keys(main).filter((name) => !tables.some(([table]) => table === name))
  expect(rest.toSorted()).toEqual(
    [...Object.keys(functions), 'sealedPlaces', 'serviceNames'].toSorted(),
  )
  expect(called(main).toSorted()).toEqual(Object.keys(functions).toSorted())
})

test('the way round the fence is for backups alone, and no service takes it', () => {
  expect(called(backup).toSorted()).toEqual([
    'BackupError',
    'backupDatabase',
    'checkBackup',
    'restoreDatabase',
  ])
  const sources = globSync('services/*/src/**/*.ts', { cwd: root })
  expect(sources.length).toBeGreaterThan(100)
  const users = sources.filter((path) =>
    readFileSync(join(root, path), 'utf8').includes('@callwire/db/'),
  )
  expect(users).toEqual([])
})

/** Who may depend on a driver beside this package. */
const others: Readonly<Record<string, string>> = {
  '@callwire/chaos': 'breaks databases and counts what is left',
  '@callwire/stores': 'starts a server of its own and asks whether it answers',
  '@callwire/testkit': 'makes databases for tests',
  '@callwire/test-setup': 'makes databases for tests',
  '@callwire/e2e': 'looks into databases for tests',
}

test('no other package of the product has a driver', () => {
  const manifests = globSync('{packages,services,tests}/*/package.json', { cwd: root }).map(
    (path) =>
      JSON.parse(readFileSync(join(root, path), 'utf8')) as {
        name: string
        dependencies?: Record<string, string>
      },
  )
  const drivers = manifests
    .filter(({ dependencies = {} }) => 'pg' in dependencies || 'postgres' in dependencies)
    .map(({ name }) => name)
  expect(drivers.toSorted()).toEqual(['@callwire/db', ...Object.keys(others)].toSorted())
})
