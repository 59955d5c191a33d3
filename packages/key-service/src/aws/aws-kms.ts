import type * as AwsSdk from '@aws-sdk/client-kms'

import { KeyServiceError } from '../key-service-error.ts'
import type { KeyService } from '../key-service.ts'
import type { AwsKmsSettings } from '../settings.ts'
import { fromBase64, requireKey } from '../wrapped-key.ts'
import { kmsFailure, notItsOwn, notKms } from './kms-failure.ts'

/** KMS takes no longer ciphertext, and none of its own is as short as a bare key. */
const blobBytes = { least: 64, most: 6_144 }

type Sdk = typeof AwsSdk

/** One symmetric key of AWS KMS. The SDK is loaded when it is first needed: it is large, and most installs have no use for it. */
export function createAwsKms(settings: AwsKmsSettings, timeoutMs: number): KeyService {
  const { keyId } = settings

  const ask = async <T>(
    send: (
      o: { sdk: Sdk; client: AwsSdk.KMSClient; abortSignal: AbortSignal },
      where: string,
    ) => Promise<T>,
  ): Promise<T> => {
    const sdk = await import('@aws-sdk/client-kms')
    const client = clientOf(sdk, settings)
    try {
      const where = await whereOf(client, settings)
      const abortSignal = AbortSignal.timeout(timeoutMs)
      try {
        return await send({ sdk, client, abortSignal }, where)
      } catch (error) {
        throw error instanceof KeyServiceError ? error : kmsFailure(error, where)
      }
    } finally {
      client.destroy()
    }
  }

  return {
    async wrap(key) {
      return ask(async ({ sdk, client, abortSignal }, where) => {
        const command = new sdk.EncryptCommand({ KeyId: keyId, Plaintext: key })
        const { CiphertextBlob } = await client.send(command, { abortSignal })
        if (CiphertextBlob === undefined) throw notKms(where)
        return Buffer.from(CiphertextBlob).toString('base64')
      })
    },
    async unwrap(wrapped) {
      return ask(async ({ sdk, client, abortSignal }, where) => {
        const blob = fromBase64(wrapped)
        if (blob === null || blob.length < blobBytes.least || blob.length > blobBytes.most) {
          throw notItsOwn(where)
        }
        // Named, so that what another key wrapped is refused rather than opened.
        const command = new sdk.DecryptCommand({ KeyId: keyId, CiphertextBlob: blob })
        const { Plaintext } = await client.send(command, { abortSignal })
        return requireKey(Plaintext ?? null, where)
      })
    },
  }
}

/** One try: who waits, and how often, is for the caller to say. */
function clientOf(sdk: Sdk, { region, endpoint }: AwsKmsSettings): AwsSdk.KMSClient {
  return new sdk.KMSClient({
    maxAttempts: 1,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  })
}

async function whereOf(client: AwsSdk.KMSClient, { endpoint }: AwsKmsSettings): Promise<string> {
  if (endpoint !== undefined) return `AWS KMS at ${new URL(endpoint).host}`
  try {
    const region = await client.config.region()
    return `AWS KMS at kms.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
  } catch {
    throw new KeyServiceError(
      'key_service_rejected',
      'AWS_REGION is not set, and neither AWS_KMS_KEY_ID nor the AWS configuration names a region.',
    )
  }
}
