import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'

import { placesOutside, startPostgres } from '@callwire/stores'
import postgres from 'postgres'
import { inject } from 'vitest'

import { ownStore, type OwnStore } from './own-store.ts'
import { testServicePassword } from './provided.ts'
import { scratchDir } from '@callwire/stores/testing'

export type SharedPostgres = {
  /** The migrator's URL, on the server's maintenance database. */
  readonly url: string
}

/** The run's Postgres, or with `own` one that this test alone has and may kill. */
export async function testPostgres(o: { own: true }): Promise<OwnStore>
export async function testPostgres(o?: { own?: false }): Promise<SharedPostgres>
export async function testPostgres(o: { own?: boolean } = {}): Promise<SharedPostgres | OwnStore> {
  if (o.own !== true) return { url: sharedUrl() }
  const dataDir = await scratchDir('postgres')
  return ownStore(
    async (port) =>
      startPostgres({ dataDir, durable: false, ...(port === undefined ? {} : { port }) }),
    async () => {
      for (const place of await placesOutside(dataDir))
        await rm(place, { recursive: true, force: true })
      await rm(dataDir, { recursive: true, force: true })
    },
  )
}

export type TestDatabase = AsyncDisposable & {
  readonly name: string
  /** The migrator's URL: owner of the database. */
  readonly url: string
  /** The URL of a service's own login, e.g. `serviceUrl('gateway')`. */
  serviceUrl(service: string): string
  /** Deletes the database, closing whatever connections are left. */
  drop(): Promise<void>
}

/**
 * A new database on the run's server: a copy of the migrated template, or with `empty` one without any tables.
 * Each caller has its own, so tests in parallel do not meet, except in the server's roles.
 */
export async function testDatabase(o: { empty?: boolean } = {}): Promise<TestDatabase> {
  const serverUrl = sharedUrl()
  const template = o.empty === true ? 'template0' : templateName()
  const name = `t_${randomBytes(8).toString('hex')}`
  await administer(serverUrl, async (sql) => {
    await sql.unsafe(`create database ${name} template ${template}`)
  })
  const drop = async (): Promise<void> => {
    await administer(serverUrl, async (sql) => {
      await sql.unsafe(`drop database if exists ${name} with (force)`)
    })
  }
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return {
    name,
    url: url.href,
    serviceUrl(service) {
      const own = new URL(url)
      own.username = `callwire_${service}`
      own.password = testServicePassword(service)
      return own.href
    },
    drop,
    [Symbol.asyncDispose]: drop,
  }
}

function sharedUrl(): string {
  const url = inject('postgresUrl')
  if (url !== '') return url
  throw new Error('This run has no Postgres: name the file *.pg.test.ts or *.e2e.test.ts.')
}

function templateName(): string {
  const problem = inject('postgresProblem')
  if (problem !== '') throw new Error(`There is no migrated template database: ${problem}`)
  return inject('postgresTemplate')
}

async function administer(url: string, work: (sql: postgres.Sql) => Promise<void>): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    await work(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}
