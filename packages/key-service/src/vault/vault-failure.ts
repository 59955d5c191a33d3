import { KeyServiceError } from '../key-service-error.ts'
import { untrustedAt } from '../transport.ts'
import type { Posted } from './post.ts'

/** Pure: what an answer without a result means. Statuses are those of Vault's API documentation. */
export function vaultFailure(posted: Posted, where: string): KeyServiceError {
  if (posted.kind === 'failed') {
    return posted.reason === 'untrusted'
      ? untrustedAt(where)
      : unreachable(`${where} does not answer: check VAULT_ADDR, and that Vault runs there.`)
  }
  const { status } = posted
  if (status === 503) return unreachable(`${where} is sealed or down for maintenance: unseal it.`)
  // 412: not yet consistent, 429: too many requests, 472 and 473: a standby that answers nothing.
  if (status >= 500 || [412, 429, 472, 473].includes(status)) {
    return unreachable(`${where} cannot answer now (status ${status}): look at Vault's log.`)
  }
  if (status === 401 || status === 403) {
    return new KeyServiceError(
      'key_service_denied',
      `${where} does not let us in: check VAULT_TOKEN and VAULT_NAMESPACE, and that the token's policy allows update on transit/encrypt and transit/decrypt of the key that VAULT_TRANSIT_KEY names.`,
    )
  }
  if (status === 404) {
    return new KeyServiceError(
      'key_service_rejected',
      `${where} has no transit engine at transit/: enable it, and check VAULT_ADDR and VAULT_NAMESPACE.`,
    )
  }
  if (status >= 400) return notItsOwn(where)
  if (status >= 300) {
    return malformed(
      `${where} sends us elsewhere, which is not followed: set VAULT_ADDR to the address that answers itself.`,
    )
  }
  return malformed(`${where} does not answer as Vault does: check VAULT_ADDR.`)
}

/** Nothing that Vault's transit engine made looks different, so it is not even sent. */
export function notItsOwn(where: string): KeyServiceError {
  return new KeyServiceError(
    'key_service_rejected',
    `${where} refuses it: check that VAULT_TRANSIT_KEY names the key that wrapped it, and that it is vault:v… as that key gave it.`,
  )
}

function unreachable(message: string): KeyServiceError {
  return new KeyServiceError('key_service_unreachable', message)
}

function malformed(message: string): KeyServiceError {
  return new KeyServiceError('key_service_malformed', message)
}
