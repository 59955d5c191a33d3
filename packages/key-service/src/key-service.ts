import { createAwsKms } from './aws/aws-kms.ts'
import type { KeyServiceSettings } from './settings.ts'
import { createVault } from './vault/vault.ts'

/** Somebody outside who keeps one key and seals ours under it. */
export type KeyService = {
  /** @throws KeyServiceError */
  wrap(key: Uint8Array): Promise<string>
  /** Gives 32 bytes. @throws KeyServiceError */
  unwrap(wrapped: string): Promise<Uint8Array>
}

/** Long for an answer of a few hundred bytes, short for a person who waits for a start. */
const defaultTimeoutMs = 4_000

/** @param o - `timeoutMs` bounds each request from its start to the last byte of its answer */
export function createKeyService(
  settings: KeyServiceSettings,
  o: { timeoutMs?: number } = {},
): KeyService {
  const timeoutMs = o.timeoutMs ?? defaultTimeoutMs
  switch (settings.kind) {
    case 'vault':
      return createVault(settings, timeoutMs)
    case 'aws-kms':
      return createAwsKms(settings, timeoutMs)
  }
}
