import { invalidField } from '../../http/api-error.ts'

/**
 * Refuses every host that is not, character for character, one of the allowed ones. Nothing is
 * parsed, decoded or normalised: credentials go to the host that was compared.
 *
 * @param allowed - `host[:port]`, lower-case
 */
export function checkExotelHost(host: string, allowed: readonly string[], path: string): void {
  if (!allowed.includes(host)) {
    throw invalidField(path, `must be one of ${allowed.join(', ')}`)
  }
}
