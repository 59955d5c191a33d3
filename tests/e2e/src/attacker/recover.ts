import { createDecipheriv } from 'node:crypto'
import {
  deriveServiceKeys,
  openCredential,
  parseMasterRing,
  parseOpenRing,
  type OpenRing,
} from '@callwire/crypto'
import { ringOf } from '../canary.ts'
import { rings, type Loot } from './loot.ts'
import type { SealedSecret } from './sealed-credentials.ts'

type Pair = 'CREDENTIAL' | 'WEBHOOK'

/**
 * Tries everything that could be a key, as every kind of key it could be. What opens one credential is tried on
 * all of them; whatever is a ring already is tried on all at once. Gives what was opened: `row: value`.
 *
 * @param pair - whose two halves seal and open it
 */
export function recover(
  loot: Loot,
  sealed: readonly SealedSecret[],
  pair: Pair = 'CREDENTIAL',
): string[] {
  const [sample] = sealed
  if (sample === undefined) throw new Error('there is nothing to try it on')
  const kid = sample.sealed.split('.')[1] ?? ''
  const made = [...asPairs(loot, kid, pair), ...asMasters(loot, kid, pair)]
  const working = made.filter((ring) => attempt(() => open(ring, sample)) !== undefined)
  const opened = new Set<string>()
  for (const one of sealed) {
    const say = (value: string) => opened.add(`${one.name}: ${value}`)
    for (const ring of [...asTheyAre(loot), ...working]) attempt(() => say(open(ring, one)))
    for (const key of loot.keys) attempt(() => say(asBareKey(key, one.sealed)))
  }
  return [...opened].sort()
}

const open = (ring: OpenRing, { context, sealed }: SealedSecret) =>
  openCredential(ring, context, sealed)

/** Every ring it has, as if it were the opening ring. */
function asTheyAre(loot: Loot): OpenRing[] {
  return rings(loot).flatMap((text) => attempt(() => parseOpenRing(text)) ?? [])
}

/**
 * Every 32 bytes as the private key with the true pre-shared key, which whoever can seal has; and whatever lies in
 * a ring with every half of a ring's entries.
 */
function asPairs({ keys, ringKeys, halves, variables }: Loot, kid: string, pair: Pair): OpenRing[] {
  const sealing = ringOf(variables[`${pair}_SEAL_KEYS`] ?? '').map(({ key }) => key.subarray(32))
  const pairs = (privateKeys: Buffer[], psks: Buffer[]) =>
    privateKeys.flatMap((key) =>
      psks.flatMap((psk) => attempt(() => parseOpenRing(entry(kid, key, psk))) ?? []),
    )
  return [...pairs(keys, sealing), ...pairs(ringKeys, halves)]
}

/** Every 32 bytes as the install's master key. */
function asMasters(loot: Loot, kid: string, pair: Pair): OpenRing[] {
  return loot.keys.flatMap(
    (key) =>
      attempt(() => {
        const keys = deriveServiceKeys(parseMasterRing(entry(kid, key)))
        return parseOpenRing(keys[`${pair}_OPEN_KEYS`])
      }) ?? [],
  )
}

/** Every 32 bytes as the key of the last step, AES-256-GCM, with a nonce of zeros. */
function asBareKey(key: Buffer, sealed: string): string {
  const body = Buffer.from(sealed.split('.').at(-1) ?? '', 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.alloc(12), { authTagLength: 16 })
  decipher.setAuthTag(body.subarray(-16))
  return Buffer.concat([decipher.update(body.subarray(0, -16)), decipher.final()]).toString()
}

const entry = (kid: string, ...parts: Buffer[]) =>
  `${kid}:${Buffer.concat(parts).toString('base64')}`

function attempt<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch {
    return undefined
  }
}
