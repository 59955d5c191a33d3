import { openBlock, sealBlock, type StreamKey } from '@callwire/crypto'
import { damaged } from './backup-error.ts'
import type { ByteReader } from './byte-reader.ts'

/** Plaintext of every block but the last. */
export const BLOCK_BYTES = 65_536

const TAG_BYTES = 16
const FORMAT = Buffer.from('cw1b')
const FRAME_BYTES = 5

/** What the blocks of one file are sealed under and bound to. */
export type BlockBinding = { readonly key: StreamKey; readonly headerHash: Uint8Array }

/**
 * Cuts a stream into sealed blocks: each is `last (1 byte) ‖ length (u32) ‖ ciphertext ‖ tag`, and
 * authenticates its number, its length, whether it is the last, and the file's header.
 */
export async function* sealBlocks(
  { key, headerHash }: BlockBinding,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  let index = 0
  let held: Uint8Array[] = []
  let size = 0
  const seal = (plaintext: Uint8Array, last: boolean) => {
    const header = associatedData(headerHash, last, plaintext.length)
    const sealed = sealBlock(key, { index, header }, plaintext)
    index += 1
    return Buffer.concat([frame(last, sealed.length), sealed])
  }
  for await (const chunk of source) {
    held.push(chunk)
    size += chunk.length
    // Never the last block here: one more byte is at hand than a block holds.
    if (size <= BLOCK_BYTES) continue
    const all = Buffer.concat(held)
    let from = 0
    for (; all.length - from > BLOCK_BYTES; from += BLOCK_BYTES) {
      yield seal(all.subarray(from, from + BLOCK_BYTES), false)
    }
    held = [all.subarray(from)]
    size = all.length - from
  }
  yield seal(Buffer.concat(held), true)
}

/**
 * The stream that was cut into blocks. Throws BackupError `damaged` for a block that is not the
 * next one of this file, for an end before the last block, and for anything after it.
 */
export async function* openBlocks(
  { key, headerHash }: BlockBinding,
  reader: ByteReader,
): AsyncGenerator<Buffer> {
  for (let index = 0, last = false; !last; index += 1) {
    const head = await reader.take(FRAME_BYTES)
    if (head === null || head.readUInt8(0) > 1) throw damaged()
    last = head.readUInt8(0) === 1
    const length = head.readUInt32BE(1) - TAG_BYTES
    if (last ? length < 0 || length > BLOCK_BYTES : length !== BLOCK_BYTES) throw damaged()
    const sealed = await reader.take(length + TAG_BYTES)
    if (sealed === null) throw damaged()
    const header = associatedData(headerHash, last, length)
    yield opened(() => openBlock(key, { index, header }, sealed))
  }
  if (!(await reader.atEnd())) throw damaged()
}

function opened(open: () => Buffer): Buffer {
  try {
    return open()
  } catch {
    throw damaged()
  }
}

function associatedData(headerHash: Uint8Array, last: boolean, length: number): Buffer {
  return Buffer.concat([FORMAT, headerHash, frame(last, length)])
}

function frame(last: boolean, length: number): Buffer {
  const bytes = Buffer.alloc(FRAME_BYTES)
  bytes.writeUInt8(last ? 1 : 0, 0)
  bytes.writeUInt32BE(length, 1)
  return bytes
}
