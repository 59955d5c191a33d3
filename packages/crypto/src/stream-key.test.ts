import { describe, expect, it } from 'vitest'
import { createDataKey, openDataKey } from './data-key.ts'
import { createStreamKey, openBlock, sealBlock } from './stream-key.ts'
import { outcomeOf, UNSEAL_FAILED } from './testing/outcome.ts'
import { ringsOf } from './testing/samples.ts'

const { content: ring } = ringsOf(1)
const call = { tenantId: 'ten_1', callId: 'cal_1' }
const { dataKey, wrapped } = createDataKey(ring, call)
const stream = { streamId: 'str_1', salt: Buffer.alloc(16, 5) }
const header = Buffer.from('block header')
const pcm = Buffer.alloc(1600, 3)

describe('blocks of a stream', () => {
  it('open for another process that has the data key, the stream and the salt', () => {
    const key = createStreamKey(dataKey, stream)
    const blocks = [0, 1, 2].map((index) => sealBlock(key, { index, header }, pcm))
    const reader = createStreamKey(openDataKey(ring, call, wrapped), stream)
    for (const index of [2, 0, 1, 1]) {
      const block = blocks[index] ?? Buffer.alloc(0)
      expect(openBlock(reader, { index, header }, block).equals(pcm)).toBe(true)
    }
    expect(blocks[0]).toHaveLength(pcm.length + 16)
    expect(blocks[0]?.equals(blocks[1] ?? pcm)).toBe(false)
  })

  it('do not open in another place, stream or socket, nor changed or cut', () => {
    const block = sealBlock(createStreamKey(dataKey, stream), { index: 7, header }, pcm)
    const key = createStreamKey(dataKey, stream)
    const changed = Buffer.from(block)
    changed.writeUInt8(changed.readUInt8(100) ^ 1, 100)
    const other = (o: Partial<typeof stream>) => createStreamKey(dataKey, { ...stream, ...o })
    const attempts = [
      () => openBlock(key, { index: 8, header }, block),
      () => openBlock(key, { index: 7, header: Buffer.from('Block header') }, block),
      () => openBlock(key, { index: 7 + 2 ** 32, header }, block),
      () => openBlock(key, { index: -1, header }, block),
      () => openBlock(key, { index: 7, header }, changed),
      () => openBlock(key, { index: 7, header }, block.subarray(0, -1)),
      () => openBlock(key, { index: 7, header }, Buffer.alloc(15)),
      () => openBlock(other({ streamId: 'str_2' }), { index: 7, header }, block),
      () => openBlock(other({ salt: Buffer.alloc(16, 6) }), { index: 7, header }, block),
    ]
    for (const attempt of attempts) expect(outcomeOf(attempt)).toEqual(UNSEAL_FAILED)
  })

  it.each([
    [0, 0],
    [5, 4],
    [0, -1],
    [0, 0.5],
    [0, 2 ** 32],
    [0, NaN],
  ])('have numbers that rise: %d then %d is refused', (first, second) => {
    const key = createStreamKey(dataKey, stream)
    sealBlock(key, { index: first, header }, pcm)
    const again = () => sealBlock(key, { index: second, header }, pcm)
    expect(outcomeOf(again)).toMatchObject({ code: 'invalid_input' })
  })

  it.each([0, 15, 17, 32])('take no salt of %d bytes', (length) => {
    const salt = Buffer.alloc(length)
    expect(outcomeOf(() => createStreamKey(dataKey, { ...stream, salt }))).toMatchObject({
      code: 'invalid_input',
    })
  })
})
