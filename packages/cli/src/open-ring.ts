import {
  createKeyService,
  persistent,
  readKeyServiceSettings,
  unwrapRing,
  type KeyService,
} from '@callwire/key-service'
import { systemClock, systemRandom } from '@callwire/runtime'
import type { Environment } from './target.ts'

/** The key service that the environment names, or null. @throws ConfigError */
export function keyServiceOf(env: Environment, signal: AbortSignal): KeyService | null {
  const settings = readKeyServiceSettings({ ...env })
  if (settings === null) return null
  const patience = { clock: systemClock, random: systemRandom, signal }
  return persistent(createKeyService(settings), patience)
}

/** A master ring's text with its keys as they are, whether or not a key service keeps them wrapped. */
export async function openRing(
  env: Environment,
  text: string,
  signal: AbortSignal,
): Promise<string> {
  const service = keyServiceOf(env, signal)
  return service === null ? text : unwrapRing(service, text)
}
