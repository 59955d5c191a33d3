import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf } from '../testing/call-audio.ts'
import { createPartCutter, type Block, type Part } from './cut-parts.ts'
import { fromWav, toWav, WAV_HEADER_BYTES } from './wav.ts'

const PART_MS = 300
const STEP_MS = 5
const inSteps = (min: number, max: number) =>
  fc.integer({ min: min / STEP_MS, max: max / STEP_MS }).map((steps) => steps * STEP_MS)

/** Blocks on the clock, each with the samples of its own number, and holes between them. */
const call = fc
  .record({
    sampleRate: fc.constantFrom(8_000, 16_000),
    pieces: fc.array(
      fc.record({
        // In steps: what begins within a millisecond of what came before is taken to follow it.
        holeMs: fc.oneof(fc.constant(0), fc.constant(0), inSteps(0, 700)),
        ms: inSteps(STEP_MS, 130),
      }),
      { maxLength: 40 },
    ),
  })
  .map(({ sampleRate, pieces }) => {
    let atMs = 0
    const blocks = pieces.map(({ holeMs, ms }, index): Block => {
      const startMs = atMs + holeMs
      atMs = startMs + ms
      const pcm = Buffer.alloc((ms * sampleRate * 2) / 1_000)
      for (let at = 0; at < pcm.length; at += 2) pcm.writeInt16LE((index * 97 + at) % 32_000, at)
      return { pcm, startMs, sampleRate }
    })
    return { sampleRate, blocks, endMs: atMs }
  })

/** The slow way: every sample to its place. */
function reference(blocks: readonly Block[], sampleRate: number): Buffer {
  const perMs = sampleRate / 1_000
  const samples = new Map<number, number>()
  for (const { pcm, startMs } of blocks) {
    const bytes = Buffer.from(pcm)
    for (let at = 0; at < bytes.length / 2; at += 1) {
      samples.set(startMs * perMs + at, bytes.readInt16LE(at * 2))
    }
  }
  if (samples.size === 0) return Buffer.alloc(0)
  const pcm = Buffer.alloc((Math.max(...samples.keys()) + 1) * 2)
  for (const [at, value] of samples) pcm.writeInt16LE(value, at * 2)
  return toWav(pcm, sampleRate)
}

function partsOf(blocks: readonly Block[], fromMs: number): Part[] {
  const cutter = createPartCutter(fromMs, PART_MS)
  return [...blocks.flatMap((block) => cutter.push(block)), ...cutter.flush()]
}

describe('a recording', () => {
  it('is the call’s very samples on its clock, whatever its blocks and holes', () => {
    fc.assert(
      fc.property(call, ({ blocks, sampleRate }) => {
        const parts = partsOf(blocks, 0)
        expect(parts.every(({ fromMs, toMs }) => toMs > fromMs && toMs - fromMs <= PART_MS)).toBe(
          true,
        )
        expect(bytesOf(parts).equals(reference(blocks, sampleRate))).toBe(true)
      }),
    )
  })

  it('is the same when holders of the call change, and hear again what was not acknowledged', () => {
    const handed = fc.tuple(
      call,
      fc.array(fc.record({ heard: fc.nat(40), stored: fc.nat(8) }), { maxLength: 3 }),
      fc.nat(40),
    )
    fc.assert(
      fc.property(handed, ([{ blocks, sampleRate }, holders, again]) => {
        const kept: Part[] = []
        let recordedMs = 0
        for (const { heard, stored } of holders) {
          const cutter = createPartCutter(recordedMs, PART_MS)
          const whole = blocks.slice(0, heard).flatMap((block) => cutter.push(block))
          kept.push(...whole.slice(0, stored))
          recordedMs = kept.at(-1)?.toMs ?? 0
        }
        const from = recordedMs
        const firstNeeded = blocks.findIndex(({ startMs, pcm }) => {
          return startMs + pcm.length / ((sampleRate * 2) / 1_000) > from
        })
        const resumed = firstNeeded === -1 ? [] : blocks.slice(Math.max(0, firstNeeded - again))
        kept.push(...partsOf(resumed, from))
        expect(bytesOf(kept).equals(reference(blocks, sampleRate))).toBe(true)
      }),
    )
  })

  it('gives every range as a slice of the whole', () => {
    fc.assert(
      fc.property(call, fc.nat(), fc.nat(), ({ blocks }, one, other) => {
        const parts = partsOf(blocks, 0)
        const whole = bytesOf(parts)
        const [from, to] = [one % (whole.length + 1), other % (whole.length + 1)].toSorted(
          (a, b) => a - b,
        )
        expect(bytesOf(parts, from, to).equals(whole.subarray(from, to))).toBe(true)
      }),
    )
  })

  it('does not drift where blocks end within a millisecond', () => {
    const sampleRate = 8_000
    // 163 samples are 20.375 ms: the clock says 0, 20, 40, 61 …
    const blocks = Array.from({ length: 400 }, (_, n): Block => {
      const pcm = Buffer.alloc(163 * 2)
      for (let at = 0; at < 163; at += 1) pcm.writeInt16LE((n * 163 + at) % 32_000, at * 2)
      return { pcm, startMs: Math.floor(n * 20.375), sampleRate }
    })
    const whole = bytesOf(partsOf(blocks, 0)).subarray(WAV_HEADER_BYTES)
    const all = Buffer.concat(blocks.map(({ pcm }) => pcm))
    expect(whole.subarray(0, all.length).equals(all)).toBe(true)
    expect(whole.length - all.length).toBeLessThan((sampleRate / 1_000) * 2)
  })
})

describe('parts of another rate', () => {
  const tone = (sampleRate: number, ms: number) => {
    const pcm = Buffer.alloc((sampleRate * ms * 2) / 1_000)
    for (let at = 0; at < pcm.length / 2; at += 1) {
      pcm.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * 300 * at) / sampleRate)), at * 2)
    }
    return pcm
  }

  it.each([
    [8_000, 16_000],
    [16_000, 8_000],
    [8_000, 24_000],
  ])('%i then %i: one WAV of the first, the other drawn to it', (first, second) => {
    const parts = partsOf(
      [
        { pcm: tone(first, 200), startMs: 0, sampleRate: first },
        { pcm: tone(second, 200), startMs: 200, sampleRate: second },
      ],
      0,
    )
    expect(parts.map(({ sampleRate, fromMs, toMs }) => [sampleRate, fromMs, toMs])).toEqual([
      [first, 0, 200],
      [second, 200, 400],
    ])
    const wav = fromWav(bytesOf(parts))
    expect(wav?.sampleRate).toBe(first)
    expect(wav?.pcm.length).toBe((first * 400 * 2) / 1_000)
    const drawn = wav?.pcm.subarray((first * 200 * 2) / 1_000) ?? Buffer.alloc(0)
    const expected = tone(first, 200)
    let worst = 0
    for (let at = 0; at < drawn.length - 4; at += 2) {
      worst = Math.max(worst, Math.abs(drawn.readInt16LE(at) - expected.readInt16LE(at)))
    }
    expect(worst).toBeLessThan(200)
  })
})

describe('a WAV', () => {
  it('is read back, and nothing else is', () => {
    const pcm = Buffer.from([1, 0, 255, 127])
    const wav = toWav(pcm, 8_000)
    expect(wav.toString('latin1', 0, 4)).toBe('RIFF')
    expect(wav.toString('hex', 4, 44)).toBe(
      '2800000057415645666d7420100000000100010040' + '1f0000803e00000200100064617461' + '04000000',
    )
    expect(fromWav(wav)).toEqual({ pcm, sampleRate: 8_000 })
    for (let at = 0; at < WAV_HEADER_BYTES; at += 1) {
      // The rate alone may be any: the bytes per second follow it.
      const changed = Buffer.from(wav)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      expect([at, fromWav(changed)]).toEqual([at, null])
    }
    expect(fromWav(wav.subarray(0, 43))).toBeNull()
    expect(fromWav(Buffer.concat([wav, Buffer.alloc(2)]))).toBeNull()
    expect(() => toWav({ length: 2 ** 32 } as Buffer, 8_000)).toThrow(RangeError)
  })
})
