import { createCipheriv, createSecretKey, randomBytes } from 'node:crypto'

/** 100 ms of 8 kHz 16-bit audio. */
const BLOCK_BYTES = 1_600
const NONCE_BYTES = 12

/** One socket of the floor: audio in, sealed blocks of 100 ms out, each under a nonce of its own. */
export function createFloorStream(send: (block: Buffer) => void): (pcm: Buffer) => void {
  // As a key object: bytes would be made into one for each block.
  const key = createSecretKey(randomBytes(32))
  const nonce = Buffer.alloc(NONCE_BYTES)
  let pending: Buffer[] = []
  let bytes = 0
  let index = 0

  const seal = (block: Buffer): Buffer => {
    nonce.writeUInt32BE(index, NONCE_BYTES - 4)
    index += 1
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    const sealed = cipher.update(block)
    cipher.final()
    return Buffer.concat([sealed, cipher.getAuthTag()])
  }
  return (pcm) => {
    pending.push(pcm)
    bytes += pcm.length
    if (bytes < BLOCK_BYTES) return
    const all = pending.length === 1 ? pcm : Buffer.concat(pending, bytes)
    let from = 0
    for (; bytes - from >= BLOCK_BYTES; from += BLOCK_BYTES) {
      send(seal(all.subarray(from, from + BLOCK_BYTES)))
    }
    pending = from < bytes ? [all.subarray(from)] : []
    bytes -= from
  }
}
