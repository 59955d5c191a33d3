import { ConfigError } from '@callwire/runtime'

/**
 * - `key_missing`: rows are sealed under a key that the ring lacks
 * - `key_mismatch`: another key goes by the same id
 * - `primary_missing`: the ring lacks the key that the install seals with
 */
export type KeyringErrorCode = 'key_missing' | 'key_mismatch' | 'primary_missing'

/**
 * A process holds the wrong keys for its database. To start it again as it is would end the same
 * way, so it counts as an error of the configuration.
 */
export class KeyringError extends ConfigError {
  override readonly code: KeyringErrorCode

  constructor(code: KeyringErrorCode, variable: string, sentence: string) {
    super([{ name: variable, sentence }])
    this.code = code
  }
}
