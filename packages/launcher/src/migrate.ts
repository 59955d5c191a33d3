/**
 * `node packages/launcher/src/migrate.ts`: what has to be done before services start, for installs whose services are
 * started by something else (Docker Compose). Brings the database up to date, sets the services' passwords, and gives
 * an empty install its first person, whose one-time password is the one line on standard output. May run again at any
 * time; exit code 1 and one sentence when something is wrong.
 */
import { serviceNames, migrateDatabase, type ServiceName } from '@callwire/db'
import { AppError, errorFields, readConfig, variables } from '@callwire/runtime'
import { z } from 'zod'

import { migrated } from './migrated.ts'
import { firstAdmin } from './tenants.ts'

const login = (name: ServiceName | 'backup') =>
  variables.url
    .transform((text) => new URL(text))
    .refine(
      ({ username }) => username === `callwire_${name}`,
      `must name the login callwire_${name}`,
    )
    .transform(({ password }) => decodeURIComponent(password))

const loginWithPassword = (service: ServiceName) =>
  login(service).refine((password) => password !== '', 'must name a password')

const schema = z.object({
  /** The migrator's: owns the database and has CREATEROLE, or is a superuser. */
  DATABASE_URL: variables.url,
  DATABASE_URL_GATEWAY: loginWithPassword('gateway'),
  DATABASE_URL_INGEST: loginWithPassword('ingest'),
  DATABASE_URL_DIALER: loginWithPassword('dialer'),
  DATABASE_URL_TRANSCRIBER: loginWithPassword('transcriber'),
  DATABASE_URL_COPILOT: loginWithPassword('copilot'),
  DATABASE_URL_COURIER: loginWithPassword('courier'),
  /** The one login that reads everything as it is stored; without a password it is of no use to anybody. */
  DATABASE_URL_BACKUP: login('backup').optional(),
})

type Values = z.output<typeof schema>

function passwordsOf(values: Values): Record<ServiceName, string> {
  const entries = serviceNames.map((service) => {
    const suffix = service.toUpperCase() as Uppercase<ServiceName>
    return [service, values[`DATABASE_URL_${suffix}`]]
  })
  return Object.fromEntries(entries) as Record<ServiceName, string>
}

const { env, stdout, stderr } = process
const tell = (line: string): void => void stderr.write(`migrate: ${line}\n`)

try {
  const values = readConfig(schema, env)
  const url = values.DATABASE_URL
  const backupPassword = values.DATABASE_URL_BACKUP ?? ''
  const logins = {
    passwords: passwordsOf(values),
    ...(backupPassword === '' ? {} : { backupPassword }),
  }
  await migrated(() => migrateDatabase({ url, ...logins, onProgress: tell }), true)
  tell('the database is up to date')
  const admin = await firstAdmin(url)
  if (admin !== null) {
    stdout.write(
      `first sign-in: ${admin.email} with one-time password ${admin.password}, to be changed then\n`,
    )
  }
} catch (error) {
  const { code, errorName } = errorFields(error)
  tell(error instanceof AppError ? error.message : `Could not migrate: ${errorName} (${code}).`)
  process.exitCode = 1
}
