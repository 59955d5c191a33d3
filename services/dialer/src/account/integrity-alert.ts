import type { Alert } from '@callwire/contracts'

/** Somebody changed the database, or a key: a person has to look. */
export const integrityAlert: Alert = {
  code: 'credential_integrity',
  severity: 'page',
  message: 'Stored credentials of this phone number do not open; nothing was sent.',
}
