import { randomBytes } from 'node:crypto'
import {
  createSealedDataKey,
  createStreamKey,
  deriveServiceKeys,
  parseMasterRing,
  parseSealRing,
} from '@callwire/crypto'
import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES, openBlocks, sealBlocks } from './blocks.ts'
import { createByteReader } from './byte-reader.ts'
import { dataKeyContext } from './data-key.ts'
import { gathered, inChunks } from './testing/bytes.ts'

const master = parseMasterRing(`k1:${randomBytes(32).toString('base64')}`)
const ring = parseSealRing(deriveServiceKeys(master).BACKUP_SEAL_KEYS)
const headerHash = randomBytes(32)
const FRAME = 5
const TAG = 16
const FULL = FRAME + BLOCK_BYTES + TAG

/** A key seals one stream: numbers rise, and never come back. */
function newKeys() {
  const { dataKey } = createSealedDataKey(ring, dataKeyContext('a'))
  const salt = randomBytes(16)
  const make = () => createStreamKey(dataKey, { streamId: 'backup', salt })
  return { sealing: make(), opening: make() }
}

async function sealed(plaintext: Buffer) {
  const { sealing, opening } = newKeys()
  const file = await gathered(sealBlocks({ key: sealing, headerHash }, inChunks(plaintext)))
  const open = (bytes: Buffer, hash = headerHash) =>
    gathered(openBlocks({ key: opening, headerHash: hash }, createByteReader(inChunks(bytes))))
  return { file, open }
}

const damaged = { code: 'damaged' }

test.each([
  [0, 1],
  [1, 1],
  [BLOCK_BYTES - 1, 1],
  [BLOCK_BYTES, 1],
  [BLOCK_BYTES + 1, 2],
  [3 * BLOCK_BYTES, 3],
  [3 * BLOCK_BYTES + 7, 4],
])('%i bytes are %i blocks and come back', async (length, blocks) => {
  const plaintext = randomBytes(length)
  const { file, open } = await sealed(plaintext)
  expect(file.length).toBe(length + blocks * (FRAME + TAG))
  expect((await open(file)).equals(plaintext)).toBe(true)
})

describe('what was changed does not open', async () => {
  const { file, open } = await sealed(randomBytes(2 * BLOCK_BYTES + 100))
  const block = (index: number) => file.subarray(index * FULL, (index + 1) * FULL)
  const flipped = (at: number, bit = 1) => {
    const copy = Buffer.from(file)
    copy[at] = (copy[at] ?? 0) ^ bit
    return copy
  }
  const other = await sealed(randomBytes(2 * BLOCK_BYTES + 100))

  test.each<[string, Buffer]>([
    ['cut to nothing', Buffer.alloc(0)],
    ['cut inside a frame', file.subarray(0, 3)],
    ['cut inside the first block', file.subarray(0, 100)],
    ['cut behind the first block', file.subarray(0, FULL)],
    ['cut behind the second block', file.subarray(0, 2 * FULL)],
    ['cut by the last byte', file.subarray(0, -1)],
    ['a byte more', Buffer.concat([file, Buffer.of(0)])],
    ['the last block once more', Buffer.concat([file, block(2)])],
    ['the whole once more', Buffer.concat([file, file])],
    ['the first two swapped', Buffer.concat([block(1), block(0), block(2)])],
    ['the first left out', Buffer.concat([block(1), block(2)])],
    ['the middle left out', Buffer.concat([block(0), block(2)])],
    ['the first twice', Buffer.concat([block(0), block(0), block(1), block(2)])],
    ['a block of another file', Buffer.concat([block(0), other.file.subarray(FULL)])],
    ['a mark of the last on the first', flipped(0)],
    ['no mark of the last on the last', flipped(2 * FULL)],
    ['the first alone, marked as the last', flipped(0).subarray(0, FULL)],
    ['a mark that is none', flipped(0, 2)],
    ['another length', flipped(4)],
    ['a huge length', flipped(1, 0x80)],
    ['another length of the last', flipped(2 * FULL + 4)],
    ['a flip in the text', flipped(FRAME)],
    ['a flip in the tag', flipped(FULL - 1)],
    ['a flip in the last text', flipped(2 * FULL + FRAME)],
    ['a flip in the last tag', flipped(file.length - 1)],
  ])('%s', async (_name, bytes) => {
    await expect(open(bytes)).rejects.toMatchObject(damaged)
  })

  test('under another header', async () => {
    await expect(open(file, randomBytes(32))).rejects.toMatchObject(damaged)
  })

  test('and opens when nothing was', async () => {
    expect(await open(file)).toHaveLength(2 * BLOCK_BYTES + 100)
  })
})
