import { joinParts } from './bytes.ts'
import { CryptoError } from './errors.ts'
import { MAX_INFO_BYTES } from './hkdf.ts'

/**
 * What a sealed value belongs to. All of it is authenticated: a value copied to another tenant,
 * row, field, host or account does not open there. Optional parts that are absent differ from
 * empty ones.
 */
export type SealContext = {
  /** What the value is for, for example `exotel-credentials`. */
  readonly purpose: string
  readonly tenantId: string
  readonly rowId: string
  readonly field: string
  /** The host the secret may be sent to. */
  readonly host?: string
  /** The provider account it belongs to. */
  readonly sid?: string
  /** Counts replacements of the value, an integer from 0. */
  readonly version?: number
}

/**
 * The associated data of an envelope: format and key id, the four mandatory parts, then each
 * optional part behind a byte that says whether it is there. Throws `invalid_input` when a
 * mandatory part is empty, `version` is no integer ≥ 0, or all of it is above 1024 bytes.
 */
export function associatedData(format: string, kid: string, context: SealContext): Buffer {
  const { purpose, tenantId, rowId, field, host, sid, version } = context
  if (purpose === '' || tenantId === '' || rowId === '' || field === '') {
    throw new CryptoError('invalid_input', 'A seal context names purpose, tenant, row and field')
  }
  if (version !== undefined && !(Number.isSafeInteger(version) && version >= 0)) {
    throw new CryptoError('invalid_input', 'The version of a seal context is an integer from 0')
  }
  const mandatory = [format, kid, purpose, tenantId, rowId, field]
  const bound = joinParts(mandatory, [host, sid, version?.toString()])
  if (bound.length > MAX_INFO_BYTES) {
    throw new CryptoError('invalid_input', 'A seal context has at most 1024 bytes')
  }
  return bound
}
