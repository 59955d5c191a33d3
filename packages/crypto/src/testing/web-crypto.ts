import type { webcrypto } from 'node:crypto'

// The declarations of @hpke/core name these as a browser's globals; Node's types keep them apart.
declare global {
  type CryptoKey = webcrypto.CryptoKey
  type CryptoKeyPair = webcrypto.CryptoKeyPair
}
