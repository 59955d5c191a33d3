import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto'

export const X25519_BYTES = 32

// The fixed DER heads of RFC 8410 in front of 32 raw bytes.
const PRIVATE_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex')
const PUBLIC_HEAD = Buffer.from('302a300506032b656e032100', 'hex')

export type KeyPair = { readonly privateKey: KeyObject; readonly publicKey: KeyObject }

/** Any 32 bytes are a private key: clamping is the scalar multiplication's affair (RFC 7748). */
export function keyPairOf(privateBytes: Uint8Array): KeyPair {
  const der = Buffer.concat([PRIVATE_HEAD, privateBytes])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

export function publicKeyOf(publicBytes: Uint8Array): KeyObject {
  const der = Buffer.concat([PUBLIC_HEAD, publicBytes])
  return createPublicKey({ key: der, format: 'der', type: 'spki' })
}

export function publicBytesOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_HEAD.length)
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
    return secret.every((byte) => byte === 0) ? null : secret
  } catch {
    return null
  }
}
