import { serviceDatabaseUrl, serviceNames, type ServiceName } from '@callwire/db'

import type { LauncherConfig } from './config.ts'
import { generatedToken, keptSecret } from './kept-secret.ts'

type Given = Pick<LauncherConfig, 'given'>

/** A login's password: the one in its own URL when that names the same login, else one of this data directory. */
export function databasePasswords(config: Given, dataDir: string): Record<ServiceName, string> {
  const entries = serviceNames.map((service) => {
    const own = ownDatabaseUrl(config, service)
    const given = own === undefined ? '' : passwordFor(own, `callwire_${service}`)
    return [
      service,
      given === '' ? keptSecret(dataDir, `database-${service}`, generatedToken) : given,
    ]
  })
  return Object.fromEntries(entries) as Record<ServiceName, string>
}

/** The URL by which a service signs in: its own when one was given, else the migrator's with the service's login. */
export function databaseUrlOf(
  config: Given,
  migratorUrl: string,
  passwords: Record<ServiceName, string>,
  service: string,
): string {
  const name = serviceNames.find((known) => known === service)
  if (name === undefined) throw new TypeError('not a service with a database')
  return ownDatabaseUrl(config, name) ?? serviceDatabaseUrl(migratorUrl, name, passwords[name])
}

function ownDatabaseUrl(config: Given, service: ServiceName): string | undefined {
  const suffix = service.toUpperCase() as Uppercase<ServiceName>
  return config.given[`DATABASE_URL_${suffix}`]
}

function passwordFor(url: string, login: string): string {
  const { username, password } = new URL(url)
  return username === login ? decodeURIComponent(password) : ''
}
