import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto'

export const X25519_BYTES = 32

// The fixed DER heads of RFC 8410 in front of 32 raw bytes.
const PRIVATE_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex')
const PUBLIC_HEAD = Buffer.from('302a300506032b656e032100', 'hex')

const PUBLIC_DER = { format: 'der', type: 'spki' } as const
const ZERO = Buffer.alloc(X25519_BYTES)

// HPKE hashes public keys as bytes. Exporting them costs as much as the multiplication itself, so
// each half carries them.
export type PublicHalf = { readonly publicKey: KeyObject; readonly publicBytes: Buffer }
export type PrivateHalf = { readonly privateKey: KeyObject; readonly publicBytes: Buffer }
export type KeyPair = PublicHalf & PrivateHalf

/** Any 32 bytes are a private key: clamping is the scalar multiplication's affair (RFC 7748). */
export function keyPairOf(privateBytes: Uint8Array): KeyPair {
  const der = Buffer.concat([PRIVATE_HEAD, privateBytes])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return withBytes({ privateKey, publicKey: createPublicKey(privateKey) })
}

/** A new pair, for one message. */
export function ephemeralPair(): KeyPair {
  return withBytes(generateKeyPairSync('x25519'))
}

export function publicHalfOf(publicBytes: Buffer): PublicHalf {
  return { publicKey: publicKeyOf(publicBytes), publicBytes }
}

export function publicKeyOf(publicBytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC_HEAD, publicBytes]), ...PUBLIC_DER })
}

export function privateBytesOf(privateKey: KeyObject): Buffer {
  return privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(PRIVATE_HEAD.length)
}

/**
 * The shared secret, or null for a public key of low order, which would fix the result at zero
 * for every private key (RFC 9180 section 7.1.4 demands the check).
 */
export function sharedSecretOf(privateKey: KeyObject, publicKey: KeyObject): Buffer | null {
  try {
    const secret = diffieHellman({ privateKey, publicKey })
    return timingSafeEqual(secret, ZERO) ? null : secret
  } catch {
    return null
  }
}

function withBytes(pair: { privateKey: KeyObject; publicKey: KeyObject }): KeyPair {
  return { ...pair, publicBytes: pair.publicKey.export(PUBLIC_DER).subarray(PUBLIC_HEAD.length) }
}
