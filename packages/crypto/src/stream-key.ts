import type { KeyObject } from 'node:crypto'
import { aeadOpen, aeadSeal, NONCE_BYTES } from './aead.ts'
import { lengthPrefixed } from './bytes.ts'
import { dataKeys, type DataKey } from './data-key.ts'
import { CryptoError, unsealFailed } from './errors.ts'
import { hkdfKey } from './hkdf.ts'
import { opaque, type Opaque } from './opaque.ts'

/** The key of one media stream's blocks. */
export type StreamKey = Opaque<'StreamKey'>

export type BlockPlace = {
  /** The block's number in its stream, from 0, below 2^32. */
  readonly index: number
  /** Authenticated beside the block, not sealed. */
  readonly header: Uint8Array
}

const FORMAT = 'cw1s'
const SALT_BYTES = 16
const MAX_INDEX = 0xffff_ffff

type Contents = { readonly key: KeyObject; lastSealed: number }

const streamKeys = opaque<'StreamKey', Contents>('StreamKey')

/**
 * Derives the key of a media stream from its call's data key. `salt` is 16 random bytes, fresh for
 * every socket: it is what keeps a second socket of the same stream from repeating block numbers
 * under one key. Throws `invalid_input` for another length: HMAC pads its key with zeros, so a
 * salt of varying length would not be one value.
 */
export function createStreamKey(
  dataKey: DataKey,
  { streamId, salt }: { readonly streamId: string; readonly salt: Uint8Array },
): StreamKey {
  if (salt.length !== SALT_BYTES) {
    throw new CryptoError('invalid_input', 'The salt of a stream key is 16 bytes')
  }
  const key = hkdfKey(dataKeys.reveal(dataKey), salt, lengthPrefixed(FORMAT, streamId))
  return streamKeys.hold({ key, lastSealed: -1 })
}

/**
 * Seals a block: AES-256-GCM with the block's number as nonce; returns ciphertext ‖ 16-byte tag.
 * Two blocks under one number would give away the key that authenticates, so numbers must rise
 * from call to call: `invalid_input` otherwise.
 */
export function sealBlock(
  streamKey: StreamKey,
  { index, header }: BlockPlace,
  pcm: Uint8Array,
): Buffer {
  const contents = streamKeys.reveal(streamKey)
  if (!isIndex(index) || index <= contents.lastSealed) {
    throw new CryptoError('invalid_input', 'The number of a block rises from call to call')
  }
  contents.lastSealed = index
  return aeadSeal(contents.key, nonceOf(index), header, pcm)
}

/** Opens a block that was sealed under the same number and header. Throws `unseal_failed`. */
export function openBlock(
  streamKey: StreamKey,
  { index, header }: BlockPlace,
  sealed: Uint8Array,
): Buffer {
  if (!isIndex(index)) throw unsealFailed()
  return aeadOpen(streamKeys.reveal(streamKey).key, nonceOf(index), header, sealed)
}

function isIndex(index: number): boolean {
  return Number.isInteger(index) && index >= 0 && index <= MAX_INDEX
}

function nonceOf(index: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce.writeUInt32BE(index, NONCE_BYTES - 4)
  return nonce
}
