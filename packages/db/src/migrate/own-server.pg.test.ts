import { eventually, testPostgres, type OwnStore } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectDatabase, migrateDatabase, serviceDatabaseUrl, serviceNames } from '../index.ts'
import type { ServiceName } from '../index.ts'
import { catalogueProblems } from '../testing/catalogue/index.ts'
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

test('a migrator that is no superuser makes everything on a fresh server', async () => {
  const own = new URL(url)
  own.username = 'a_migrator'
  own.password = 'a-password'
  await migrateDatabase({ url: own.href, passwords })
  await migrateDatabase({ url: own.href, passwords })
  await using sql = superClient(url)
  expect(await catalogueProblems(sql)).toEqual([])
  const [verifier] = await sql`select rolpassword from pg_authid where rolname = 'callwire_dialer'`
  expect(verifier?.['rolpassword']).toMatch(/^SCRAM-SHA-256\$/)
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
