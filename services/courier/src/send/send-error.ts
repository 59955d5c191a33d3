import type { WebhookErrorCode } from '@callwire/contracts'
import { errors } from 'undici'
import { FORBIDDEN } from './guarded-lookup.ts'

/** Why there was no answer. */
export type SendError = Extract<
  WebhookErrorCode,
  | 'timeout'
  | 'dns_failed'
  | 'address_forbidden'
  | 'connect_failed'
  | 'tls_failed'
  | 'connection_lost'
>

const byCode: Readonly<Record<string, SendError>> = {
  [FORBIDDEN]: 'address_forbidden',
  ENOTFOUND: 'dns_failed',
  ECONNREFUSED: 'connect_failed',
  EHOSTUNREACH: 'connect_failed',
  EHOSTDOWN: 'connect_failed',
  ENETUNREACH: 'connect_failed',
  EADDRNOTAVAIL: 'connect_failed',
  ETIMEDOUT: 'connect_failed',
  UND_ERR_CONNECT_TIMEOUT: 'connect_failed',
  EPROTO: 'tls_failed',
}

/** What OpenSSL and Node say of certificates and handshakes. */
const tls = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/

/** The kind of a fault of the HTTP library, of which nothing else is kept: its text holds the URL. */
export function sendErrorOf(error: unknown): SendError {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'timeout'
  // Of several addresses, each failed: they mostly fail alike, and the first was preferred.
  if (error instanceof AggregateError && error.errors.length > 0) {
    return sendErrorOf(error.errors[0])
  }
  const code: unknown = error instanceof Error && 'code' in error ? error.code : null
  if (typeof code !== 'string') return 'connection_lost'
  if (error instanceof errors.HeadersTimeoutError) return 'timeout'
  return byCode[code] ?? (tls.test(code) ? 'tls_failed' : 'connection_lost')
}
