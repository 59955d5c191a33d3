import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createReframer, type PcmBlock } from './reframer.ts'

const samples = (n: number) => Buffer.alloc(n * 2, 7)

test('cuts 20 ms frames into blocks of 100 ms and flushes the rest', () => {
  const reframer = createReframer({ sampleRate: 8000 })
  const blocks = Array.from({ length: 12 }, (_, i) =>
    reframer.push({ pcm: samples(160), startSample: i * 160 }),
  ).flat()
  expect(blocks.map((b) => [b.startMs, b.pcm.length])).toEqual([
    [0, 1600],
    [100, 1600],
  ])
  expect(reframer.flush()).toMatchObject({ startMs: 200, pcm: samples(320) })
  expect(reframer.flush()).toBeNull()
})

test('no block spans a hole', () => {
  const reframer = createReframer({ sampleRate: 8000 })
  reframer.push({ pcm: samples(160), startSample: 0 })
  const blocks = reframer.push({ pcm: samples(800), startSample: 1600 })
  expect(blocks.map((b) => [b.startMs, b.pcm.length])).toEqual([
    [0, 320],
    [200, 1600],
  ])
})

test('goes on after a flush in the middle', () => {
  const reframer = createReframer({ sampleRate: 8000 })
  reframer.push({ pcm: samples(160), startSample: 0 })
  reframer.flush()
  expect(reframer.push({ pcm: samples(800), startSample: 160 })).toMatchObject([{ startMs: 20 }])
})

test('any cutting gives the same bytes at the same places', () => {
  const piece = fc.record({ length: fc.nat({ max: 2000 }), hole: fc.nat({ max: 2 }) })
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 30 }),
      fc.constantFrom(8000, 16_000),
      (pieces, rate) => {
        const reframer = createReframer({ sampleRate: rate })
        const blocks: PcmBlock[] = []
        const all: Buffer[] = []
        let at = 0
        for (const [i, { length, hole }] of pieces.entries()) {
          at += hole * 50
          const pcm = Buffer.alloc(length * 2, i + 1)
          all.push(pcm)
          blocks.push(...reframer.push({ pcm, startSample: at }))
          at += length
        }
        const rest = reframer.flush()
        if (rest !== null) blocks.push(rest)
        expect(Buffer.concat(blocks.map((b) => b.pcm)).equals(Buffer.concat(all))).toBe(true)
        let end = 0
        for (const block of blocks) {
          expect(block.pcm.length).toBeLessThanOrEqual((rate / 10) * 2)
          expect(block.startMs).toBeGreaterThanOrEqual(Math.floor(end))
          end = block.startMs + (block.pcm.length * 500) / rate
        }
      },
    ),
  )
})
