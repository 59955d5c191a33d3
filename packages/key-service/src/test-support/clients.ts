import { Secret } from '@callwire/runtime'
import { vi } from 'vitest'

import { createKeyService, type KeyService } from '../key-service.ts'
import type { KmsStandIn, VaultStandIn } from '../testing/index.ts'

export const vaultToken = 'hvs.CAESIJ-9f8e7d6c5b4a3928-tested'
export const transitKey = 'callwire'
export const kmsKey = '1234abcd-12ab-34cd-56ef-1234567890ab'

/** Long for a loaded machine, where an answer is expected. */
export const patientMs = 15_000

export function vaultClient(
  vault: Pick<VaultStandIn, 'url'>,
  o: { token?: string; transitKey?: string; namespace?: string; timeoutMs?: number } = {},
): KeyService {
  const token = new Secret(o.token ?? vaultToken)
  return createKeyService(
    {
      kind: 'vault',
      address: vault.url,
      token: () => token,
      transitKey: o.transitKey ?? transitKey,
      namespace: o.namespace,
    },
    { timeoutMs: o.timeoutMs ?? patientMs },
  )
}

/** The SDK finds credentials in the environment; `vi.unstubAllEnvs` takes them away again. */
export function kmsClient(
  kms: Pick<KmsStandIn, 'url' | 'region' | 'accessKeyId' | 'secretAccessKey'>,
  o: { keyId?: string; secretAccessKey?: string; accessKeyId?: string; timeoutMs?: number } = {},
): KeyService {
  vi.stubEnv('AWS_ACCESS_KEY_ID', o.accessKeyId ?? kms.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', o.secretAccessKey ?? kms.secretAccessKey)
  return createKeyService(
    { kind: 'aws-kms', keyId: o.keyId ?? kmsKey, region: kms.region, endpoint: kms.url },
    { timeoutMs: o.timeoutMs ?? patientMs },
  )
}
