import type { Secret } from '@callwire/runtime'
import { ExotelError } from './exotel-error.ts'

/** What it takes to speak for an Exotel account. `host` is `host[:port]`, as allowed. */
export type ExotelAccount = { host: string; sid: string; apiKey: Secret; apiToken: Secret }

const sidPattern = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$/

/** The path prefix of the account; the pattern leaves nothing that could climb out of it. */
export function accountPath(version: 'v1' | 'v3', sid: string): string {
  if (!sidPattern.test(sid)) {
    throw new ExotelError('invalid_account', 'The Exotel account sid is malformed.')
  }
  const segment = version === 'v1' ? 'Accounts' : 'accounts'
  return `/${version}/${segment}/${encodeURIComponent(sid)}`
}

/** Basic authentication (RFC 7617), made at the moment of use. Never part of a URL. */
export function basicAuthorization(account: ExotelAccount): string {
  const pair = `${account.apiKey.reveal()}:${account.apiToken.reveal()}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}
