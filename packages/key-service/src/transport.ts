import { KeyServiceError } from './key-service-error.ts'

/** What Node's TLS says of a certificate that it does not believe. */
const untrusted =
  /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER))/

/** The code of an error that a connection ended with, or null for every other error. */
export function connectionCode(error: unknown): string | null {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : null
}

export function isUntrusted(error: unknown): boolean {
  return untrusted.test(connectionCode(error) ?? '')
}

export function untrustedAt(where: string): KeyServiceError {
  return new KeyServiceError(
    'key_service_unreachable',
    `${where} shows a certificate that this machine does not trust: name its authority's file in NODE_EXTRA_CA_CERTS.`,
  )
}
