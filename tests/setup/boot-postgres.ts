import { randomBytes } from 'node:crypto'

import { placesOutside, startPostgres } from '@callwire/stores'
import { scratchDir, testServicePassword } from '@callwire/testkit/setup'
import postgres from 'postgres'

import { startContainer } from './container.ts'
import { storeSource } from './store-source.ts'

export type TestServer = {
  /** The migrator's URL. */
  readonly url: string
  /** The migrated database that tests clone, or why there is none. */
  readonly template: { readonly name: string } | { readonly problem: string }
  stop(): Promise<void>
}

const services = ['gateway', 'ingest', 'dialer', 'transcriber', 'copilot', 'courier'] as const

/** The run's PostgreSQL with its migrated template. */
export async function bootPostgres(): Promise<TestServer> {
  const server = await startServer()
  const name = `callwire_template_${randomBytes(6).toString('hex')}`
  return {
    url: server.url,
    template: await makeTemplate(server.url, name),
    async stop() {
      await administer(server.url, `drop database if exists ${name} with (force)`)
      await server.stop()
    },
  }
}

async function startServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const source = await storeSource(process.env['TEST_DATABASE_URL'])
  if (source.kind === 'given') return { url: source.url, stop: async () => Promise.resolve() }
  if (source.kind === 'embedded') {
    const dataDir = await scratchDir('tests-postgres')
    const removeAfter = [dataDir, ...(await placesOutside(dataDir))]
    return startPostgres({ dataDir, durable: false, removeAfter })
  }
  const password = randomBytes(16).toString('hex')
  const container = await startContainer({
    image: 'postgres:17',
    port: 5432,
    environment: {
      POSTGRES_USER: 'callwire',
      POSTGRES_PASSWORD: password,
      POSTGRES_DB: 'callwire',
    },
    startedLog: /database system is ready to accept connections/,
  })
  const url = `postgres://callwire:${password}@${container.host}:${container.port}/callwire`
  await untilAnswers(url)
  return { url, stop: async () => container.stop() }
}

/** The image starts the server for itself first, then for good: only the second listens on its port. */
const answerBoundMs = 60_000
const lookEveryMs = 200

async function untilAnswers(url: string): Promise<void> {
  const until = performance.now() + answerBoundMs
  for (;;) {
    try {
      await administer(url, 'select 1')
      return
    } catch (error) {
      if (performance.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
    }
  }
}

async function makeTemplate(url: string, name: string): Promise<TestServer['template']> {
  await administer(url, `create database ${name} template template0`)
  const target = new URL(url)
  target.pathname = `/${name}`
  const passwords = Object.fromEntries(
    services.map((service) => [service, testServicePassword(service)]),
  ) as Record<(typeof services)[number], string>
  try {
    // Loaded here, so that a schema that does not load fails the tests that need it and no others.
    const { migrateDatabase } = await import('@callwire/db')
    const backupPassword = testServicePassword('backup')
    await migrateDatabase({ url: target.href, passwords, backupPassword })
    return { name }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'the migration failed' }
  }
}

async function administer(url: string, statement: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    await sql.unsafe(statement)
  } finally {
    await sql.end({ timeout: 5 })
  }
}
