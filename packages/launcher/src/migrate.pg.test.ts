import { spawnSync } from 'node:child_process'
import { env as machine } from 'node:process'
import { fileURLToPath } from 'node:url'

import { serviceNames } from '@callwire/db'
import { testDatabase, type TestDatabase } from '@callwire/testkit'
import postgres from 'postgres'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('migrate.ts', import.meta.url))
const wholeRunMs = 25_000

function migrate(database: TestDatabase, env: Record<string, string> = {}) {
  const logins = serviceNames.map((service) => [
    `DATABASE_URL_${service.toUpperCase()}`,
    database.serviceUrl(service),
  ])
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    timeout: wholeRunMs,
    env: {
      PATH: machine['PATH'],
      DATABASE_URL: database.url,
      ...(Object.fromEntries(logins) as Record<string, string>),
      ...env,
    },
  })
  return { status, stdout, stderr }
}

it('gives an empty install its first person, and those who back it up a login', async () => {
  await using database = await testDatabase()
  const backup = database.serviceUrl('backup')
  const first = migrate(database, { DATABASE_URL_BACKUP: backup })
  expect(first).toMatchObject({ status: 0 })
  expect(first.stdout).toMatch(
    /^first sign-in: \S+ with one-time password \S+, to be changed then\n$/,
  )
  const sql = postgres(backup, { max: 1 })
  try {
    const [row] = await sql`select count(*)::int as count from app.tenants`
    expect(row?.['count']).toBe(1)
    await expect(sql`update app.tenants set name = 'x'`).rejects.toThrow(/read-only|permission/)
  } finally {
    await sql.end()
  }
})

it.each([
  [{ DATABASE_URL_GATEWAY: 'postgres://callwire_dialer:hunter2@h/db' }, 'DATABASE_URL_GATEWAY'],
  [{ DATABASE_URL_GATEWAY: 'postgres://callwire_gateway@h/db' }, 'DATABASE_URL_GATEWAY'],
  [{ DATABASE_URL_BACKUP: 'postgres://callwire_gateway:hunter2@h/db' }, 'DATABASE_URL_BACKUP'],
])('refuses the login of somebody else, and one without a password: %j', async (env, name) => {
  await using database = await testDatabase()
  const { status, stderr } = migrate(database, env)
  expect(status).toBe(1)
  expect(stderr).toContain(name)
  expect(stderr).not.toContain('hunter2')
})

it('leaves the login for backups as it is where its password is not told', async () => {
  await using database = await testDatabase()
  const url = new URL(database.serviceUrl('backup'))
  url.password = ''
  expect(migrate(database, { DATABASE_URL_BACKUP: url.href })).toMatchObject({ status: 0 })
})
