import { wrapEntry } from '@callwire/key-service'
import { systemRandom } from '@callwire/runtime'
import type { Context } from '../commands/context.ts'
import { keyServiceOf } from '../open-ring.ts'

const KEY_BYTES = 32

/**
 * A new key as an entry of ENCRYPTION_KEYS: plain, or wrapped where KEY_SERVICE says by whom.
 *
 * @throws ConfigError, KeyServiceError
 */
export async function makeEntry(
  kid: string,
  { env, signal }: Pick<Context, 'env' | 'signal'>,
): Promise<string> {
  const service = keyServiceOf(env, signal)
  const key = systemRandom(KEY_BYTES)
  if (service !== null) return wrapEntry(service, kid, key)
  return `${kid}:${Buffer.from(key).toString('base64')}`
}
