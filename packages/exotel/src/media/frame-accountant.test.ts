import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFrameAccountant, LONGEST_CLOCK_MS, MOST_MISSING_MS } from './frame-accountant.ts'
import type { MediaFrame } from './media-message.ts'

const frameBytes = 320

function frame(sequenceNumber?: number, chunk?: number, bytes = frameBytes, fill = 1): MediaFrame {
  return {
    kind: 'media',
    payload: Buffer.alloc(bytes, fill),
    ...(sequenceNumber === undefined ? {} : { sequenceNumber }),
    ...(chunk === undefined ? {} : { chunk }),
  }
}

function account(frames: readonly MediaFrame[]) {
  const accountant = createFrameAccountant({ sampleRate: 8000 })
  const results = frames.map((f) => accountant.frame(f))
  return { results, counters: accountant.counters() }
}

const numbered = (...numbers: number[]) => numbers.map((n) => frame(n, n))

test.each<[string, MediaFrame[], Partial<ReturnType<typeof account>['counters']>]>([
  [
    'an unbroken run',
    numbered(2, 3, 4),
    { frames: 3, duplicated: 0, rewound: 0, gaps: [], audioMs: 60, clockMs: 60 },
  ],
  [
    'a hole is the missing numbers times the last frame',
    numbered(2, 3, 6),
    { frames: 3, gaps: [{ fromMs: 40, toMs: 80 }], audioMs: 60, clockMs: 100 },
  ],
  [
    'the same number and chunk twice is dropped',
    numbered(2, 3, 3, 4),
    { frames: 3, duplicated: 1, rewound: 0, gaps: [], audioMs: 60 },
  ],
  [
    'the same number with another chunk is kept as rewound',
    [frame(2, 1), frame(2, 2), frame(3, 3)],
    { frames: 3, duplicated: 0, rewound: 1, gaps: [] },
  ],
  [
    'numbering that begins anew is one rewind',
    [...numbered(10, 11, 12), frame(1, 1), frame(2, 2), frame(3, 3)],
    { frames: 6, rewound: 1, gaps: [], clockMs: 120 },
  ],
  [
    'one late frame is no second gap',
    numbered(5, 6, 8, 7, 9),
    { frames: 5, rewound: 1, gaps: [{ fromMs: 40, toMs: 60 }], clockMs: 120 },
  ],
  [
    'without numbers no gap and no duplicate',
    [frame(), frame(), frame()],
    { frames: 3, duplicated: 0, rewound: 0, gaps: [], clockMs: 60 },
  ],
  [
    'a number without a chunk is no duplicate',
    [frame(4), frame(4)],
    { frames: 2, duplicated: 0, rewound: 1 },
  ],
  [
    'what is missing before the first frame has no length',
    numbered(9, 10),
    { gaps: [], clockMs: 40 },
  ],
  [
    'holes that touch are one',
    [frame(1, 1), frame(3, 3, 2), frame(5, 5)],
    { gaps: [{ fromMs: 20, toMs: 40 }], frames: 3 },
  ],
  [
    'a jump of more than an hour is a broken numbering and no gap',
    numbered(1, 2, 4_000_000_000),
    { frames: 3, rewound: 1, gaps: [], clockMs: 60 },
  ],
  [
    'holes of more than an hour in all are a broken numbering from there on',
    numbered(1, 100_000, 200_000, 200_003),
    {
      frames: 4,
      rewound: 1,
      gaps: [
        { fromMs: 20, toMs: 1_999_980 },
        { fromMs: 2_000_020, toMs: 2_000_060 },
      ],
    },
  ],
])('%s', (_what, frames, expected) => {
  expect(account(frames).counters).toMatchObject(expected)
})

test('a hole stands before the frame that shows it', () => {
  const { results } = account(numbered(1, 2, 5))
  expect(results[2]).toMatchObject({
    action: 'accept',
    startMs: 80,
    startSample: 640,
    gap: { fromMs: 40, toMs: 80 },
    gapMs: 40,
  })
})

test('a message without audio uses up a number; what it skips is missing audio', () => {
  const accountant = createFrameAccountant({ sampleRate: 8000 })
  accountant.note(1)
  accountant.frame(frame(2, 1))
  accountant.note(3)
  accountant.frame(frame(4, 2))
  expect(accountant.counters().gaps).toEqual([])
  accountant.note(6)
  accountant.note(undefined)
  accountant.note(2)
  expect(accountant.frame(frame(7, 4))).toMatchObject({ gapMs: 20 })
  expect(accountant.counters().gaps).toEqual([{ fromMs: 40, toMs: 60 }])
})

test('a frame repeated after another message is still a duplicate', () => {
  const accountant = createFrameAccountant({ sampleRate: 8000 })
  accountant.frame(frame(2, 1))
  accountant.note(3)
  expect(accountant.frame(frame(2, 1))).toEqual({ action: 'duplicate' })
})

test('an odd last byte joins the next frame', () => {
  const accountant = createFrameAccountant({ sampleRate: 8000 })
  const first = accountant.frame({ kind: 'media', payload: Buffer.from([1, 2, 3]) })
  const second = accountant.frame({ kind: 'media', payload: Buffer.from([4, 5]) })
  const third = accountant.frame({ kind: 'media', payload: Buffer.from([6]) })
  expect(first).toMatchObject({ pcm: Buffer.from([1, 2]), startSample: 0 })
  expect(second).toMatchObject({ pcm: Buffer.from([3, 4]), startSample: 1 })
  expect(third).toMatchObject({ pcm: Buffer.from([5, 6]), startSample: 2 })
})

test('after a hole samples stay whole: a half one on its edge is dropped', () => {
  const accountant = createFrameAccountant({ sampleRate: 8000 })
  const odd = (sequenceNumber: number, ...bytes: number[]): MediaFrame => ({
    kind: 'media',
    sequenceNumber,
    chunk: sequenceNumber,
    payload: Buffer.from(bytes),
  })
  accountant.frame(odd(1, 1, 2, 3))
  // Bytes 0–2 are there, 3–5 are missing, 6 begins a sample.
  expect(accountant.frame(odd(3, 7, 8, 9))).toMatchObject({
    pcm: Buffer.from([7, 8]),
    startSample: 3,
  })
  // 9–14 are missing (two frames of three), 15 is the second half of a sample.
  expect(accountant.frame(odd(6, 1, 2, 3))).toMatchObject({
    pcm: Buffer.from([2, 3]),
    startSample: 8,
  })
})

test("a later socket's clock goes on where it is told, its counters begin anew", () => {
  const accountant = createFrameAccountant({ sampleRate: 8000, startMs: 12_345 })
  expect(accountant.frame(frame(1, 1))).toMatchObject({ startMs: 12_345, gap: null })
  expect(accountant.counters()).toMatchObject({ audioMs: 20, clockMs: 12_365, frames: 1 })
})

test('the clock has an end, and nothing is taken beyond it', () => {
  const accountant = createFrameAccountant({ sampleRate: 8000, startMs: LONGEST_CLOCK_MS - 40 })
  expect(accountant.frame(frame(1, 1))).toMatchObject({ action: 'accept' })
  expect(accountant.frame(frame(9, 9))).toMatchObject({ action: 'accept', gap: null })
  expect(accountant.frame(frame(9, 9))).toEqual({ action: 'duplicate' })
  expect(accountant.frame(frame(10, 10))).toEqual({ action: 'beyond' })
  expect(accountant.counters()).toMatchObject({ frames: 2, rewound: 1, clockMs: LONGEST_CLOCK_MS })
})

test('however the numbers jump, the clock stays where it can be kept', () => {
  const jumpy = fc.record({
    sequenceNumber: fc.oneof(
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      fc.integer({ min: 0, max: 10_000_000 }),
    ),
    bytes: fc.constantFrom(1, 320, 640, 190_000),
  })
  fc.assert(
    fc.property(
      fc.array(jumpy, { maxLength: 200 }),
      fc.nat(LONGEST_CLOCK_MS),
      fc.boolean(),
      (frames, startMs, isRising) => {
        const accountant = createFrameAccountant({ sampleRate: 4_000, startMs })
        const inOrder = isRising
          ? frames.toSorted((a, b) => a.sequenceNumber - b.sequenceNumber)
          : frames
        for (const { sequenceNumber, bytes } of inOrder) {
          accountant.note(sequenceNumber - 5)
          accountant.frame(frame(sequenceNumber, sequenceNumber, bytes))
        }
        const { clockMs, gaps } = accountant.counters()
        const longestFrameMs = 190_000 / 8
        expect(clockMs).toBeLessThan(LONGEST_CLOCK_MS + longestFrameMs)
        const gapMs = gaps.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
        expect(gapMs).toBeLessThanOrEqual(MOST_MISSING_MS + gaps.length)
      },
    ),
  )
})

const anyFrame = fc
  .record({
    sequenceNumber: fc.option(fc.nat({ max: 60 }), { nil: undefined }),
    chunk: fc.option(fc.nat({ max: 60 }), { nil: undefined }),
    bytes: fc.integer({ min: 1, max: 700 }),
  })
  .map(({ sequenceNumber, chunk, bytes }) => frame(sequenceNumber, chunk, bytes))

test('the books balance for any frames', () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 60 }),
      fc.constantFrom(8000, 16_000, 24_000),
      (frames, sampleRate) => {
        const accountant = createFrameAccountant({ sampleRate })
        let end = 0
        let accepted = 0
        for (const one of frames) {
          const result = accountant.frame(one)
          if (result.action !== 'accept') continue
          accepted += one.payload.length
          expect(result.pcm.length % 2).toBe(0)
          expect(Number.isInteger(result.startSample)).toBe(true)
          // Audio never overlaps what was before it, and joins it unless there is a hole.
          if (result.gap === null) expect(result.startSample).toBe(end)
          else expect(result.startSample).toBeGreaterThanOrEqual(end)
          end = result.startSample + result.pcm.length / 2
        }
        const c = accountant.counters()
        expect(c.frames + c.duplicated).toBe(frames.length)
        expect(c.audioMs).toBe(Math.floor((accepted * 1000) / (2 * sampleRate)))
        expect(c.clockMs).toBeGreaterThanOrEqual(c.audioMs)
        // The clock is audio and gaps and nothing else, each floored once.
        const gapMs = c.gaps.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
        expect(Math.abs(c.clockMs - c.audioMs - gapMs)).toBeLessThanOrEqual(1 + c.gaps.length)
        for (const n of [c.audioMs, c.clockMs, ...c.gaps.flatMap((g) => [g.fromMs, g.toMs])]) {
          expect(Number.isInteger(n)).toBe(true)
        }
        for (const [i, gap] of c.gaps.entries()) {
          expect(gap.toMs).toBeGreaterThanOrEqual(gap.fromMs)
          expect(gap.fromMs).toBeGreaterThanOrEqual(c.gaps[i - 1]?.toMs ?? 0)
          expect(gap.toMs).toBeLessThanOrEqual(c.clockMs)
        }
      },
    ),
  )
})

test('whole or cut in the middle of samples, the bytes are those that came, in their places', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 9 })), (payloads) => {
      const accountant = createFrameAccountant({ sampleRate: 8000 })
      const all: number[] = []
      for (const payload of payloads) {
        const result = accountant.frame({ kind: 'media', payload: Buffer.from(payload) })
        if (result.action !== 'accept') throw new Error('a frame without a number is new')
        expect(result.startSample * 2).toBe(all.length)
        all.push(...result.pcm)
      }
      const came = payloads.flatMap((payload) => [...payload])
      expect(all).toEqual(came.slice(0, came.length - (came.length % 2)))
    }),
  )
})
