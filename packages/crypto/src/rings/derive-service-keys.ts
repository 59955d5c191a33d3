import type { KeyObject } from 'node:crypto'
import { KEY_BYTES } from '../aead.ts'
import { lengthPrefixed } from '../bytes.ts'
import { hkdf } from '../hkdf.ts'
import { deriveKeyPair } from '../hpke/kem.ts'
import { privateBytesOf } from '../hpke/x25519.ts'
import { PSK_BYTES } from './hpke-rings.ts'
import { masterRings, type MasterRing } from './secret-rings.ts'

/** The rings that processes are given, as texts for their environments. */
export type ServiceKeys = Record<
  | 'CREDENTIAL_SEAL_KEYS'
  | 'CREDENTIAL_OPEN_KEYS'
  | 'VENDOR_SEAL_KEYS'
  | 'VENDOR_OPEN_KEYS'
  | 'WEBHOOK_SEAL_KEYS'
  | 'WEBHOOK_OPEN_KEYS'
  | 'BACKUP_SEAL_KEYS'
  | 'BACKUP_OPEN_KEYS'
  | 'CONTENT_KEYS'
  | 'CALLBACK_KEYS'
  | 'EDGE_KEYS',
  string
>

const FORMAT = 'callwire service keys 1'
const NO_SALT = Buffer.alloc(0)

/**
 * Derives every service's ring from the master ring, key by key: the same ids in the same order.
 * The result is the same at every call, so that only the master ring needs keeping.
 */
export function deriveServiceKeys(master: MasterRing): ServiceKeys {
  const keys = [...masterRings.reveal(master).byId]
  const ring = (derive: (key: KeyObject, kid: string) => Buffer) =>
    keys.map(([kid, key]) => `${kid}:${derive(key, kid).toString('base64')}`).join(',')
  const seal = (purpose: string) => ring((key, kid) => hpkeKeys(key, kid, purpose).seal)
  const open = (purpose: string) => ring((key, kid) => hpkeKeys(key, kid, purpose).open)
  const secret = (purpose: string) => ring((key, kid) => subKey(key, kid, purpose, 'secret'))
  return {
    CREDENTIAL_SEAL_KEYS: seal('credential'),
    CREDENTIAL_OPEN_KEYS: open('credential'),
    VENDOR_SEAL_KEYS: seal('vendor'),
    VENDOR_OPEN_KEYS: open('vendor'),
    WEBHOOK_SEAL_KEYS: seal('webhook'),
    WEBHOOK_OPEN_KEYS: open('webhook'),
    BACKUP_SEAL_KEYS: seal('backup'),
    BACKUP_OPEN_KEYS: open('backup'),
    CONTENT_KEYS: secret('content'),
    CALLBACK_KEYS: secret('callback'),
    EDGE_KEYS: secret('edge'),
  }
}

function hpkeKeys(master: KeyObject, kid: string, purpose: string) {
  const pair = deriveKeyPair(subKey(master, kid, purpose, 'x25519'))
  const psk = subKey(master, kid, purpose, 'psk', PSK_BYTES)
  return {
    seal: Buffer.concat([pair.publicBytes, psk]),
    open: Buffer.concat([privateBytesOf(pair.privateKey), psk]),
  }
}

function subKey(
  master: KeyObject,
  kid: string,
  purpose: string,
  part: 'x25519' | 'psk' | 'secret',
  length = KEY_BYTES,
): Buffer {
  return hkdf(master, NO_SALT, lengthPrefixed(FORMAT, purpose, part, kid), length)
}
