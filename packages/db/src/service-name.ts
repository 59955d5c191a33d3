/** The services that have a login of their own. */
export const serviceNames = [
  'gateway',
  'ingest',
  'dialer',
  'transcriber',
  'copilot',
  'courier',
] as const
export type ServiceName = (typeof serviceNames)[number]

/** The login role of a service. */
export function loginOf(service: ServiceName): `callwire_${ServiceName}` {
  return `callwire_${service}`
}

/** Owns the schema and cannot log in. */
export const OWNER_ROLE = 'callwire_owner'
/** Owns the functions that look across tenants, and cannot log in. */
export const FINDER_ROLE = 'callwire_finder'
/** Owns the functions that write for several tenants at a time, and cannot log in. */
export const BATCH_ROLE = 'callwire_batch'
/** Owns the functions that read of several tenants at a time, and cannot log in. */
export const READER_ROLE = 'callwire_reader'
/** Reads everything as it is stored, and changes nothing. */
export const BACKUP_ROLE = 'callwire_backup'

/** The migrator's URL with the service's login and password in place of its own. */
export function serviceDatabaseUrl(url: string, service: ServiceName, password: string): string {
  const own = new URL(url)
  own.username = loginOf(service)
  own.password = encodeURIComponent(password)
  return own.href
}
