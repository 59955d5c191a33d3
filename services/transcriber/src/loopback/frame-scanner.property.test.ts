import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FRAME_BYTES, readFrame } from './frame.ts'
import { createFrameScanner, type Scanned } from './frame-scanner.ts'
import { encodeCaptions } from './testing/encode-captions.ts'

/** The whole audio at once, as the format is told: every sample from which a frame may begin is tried. */
function scanPlainly(audio: Buffer): Scanned[] {
  const found: Scanned[] = []
  let at = 0
  let locked = false
  while (audio.length - at >= FRAME_BYTES) {
    const frame = readFrame(audio, at)
    if (frame !== null) {
      locked = true
      found.push({ kind: 'frame', frame, atByte: at })
      at += FRAME_BYTES
      continue
    }
    const steps = Array.from({ length: FRAME_BYTES }, (_, i) => (i + 1) * 2)
    const next = [FRAME_BYTES, ...steps].find((step) => readFrame(audio, at + step) !== null)
    const bytes = next ?? FRAME_BYTES
    if (locked) found.push({ kind: 'altered', atByte: at, bytes })
    at += bytes
  }
  if (locked && audio.length > at) {
    found.push({ kind: 'altered', atByte: at, bytes: audio.length - at })
  }
  return found
}

const words = [
  { text: 'hello', startMs: 40, endMs: 300 },
  { text: 'there', startMs: 340, endMs: 700 },
]
const frames = encodeCaptions([{ speaker: 0, language: 'en-IN', words }], 40)
const captioned = Buffer.concat(frames)

/** Low bits that say the magic over and over: each place looks like a frame's beginning. */
const allMagic = (samples: number) => {
  const bits = [1, 1, 0, 0, 0, 1, 1, 1]
  return Buffer.from(Array.from({ length: samples * 2 }, (_, i) => bits[(i >> 1) % 8] ?? 0))
}
const samples = fc.integer({ min: 0, max: 900 })
const piece = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.nat(39), fc.integer({ min: 1, max: 6 }))
      .map(([from, count]) => Buffer.concat(frames.slice(from, from + count))),
  },
  fc
    .tuple(fc.nat(captioned.length), fc.nat(2_000))
    .map(([from, bytes]) => captioned.subarray(from, from + bytes)),
  fc.uint8Array({ maxLength: 1_500 }).map((bytes) => Buffer.from(bytes)),
  samples.map((count) => Buffer.alloc(count * 2)),
  samples.map(allMagic),
)

test('finds what trying every sample finds, however the audio is cut', () => {
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 8 }).map((pieces) => Buffer.concat(pieces)),
      fc.array(fc.integer({ min: 1, max: 2_500 }), { minLength: 1, maxLength: 10 }),
      (audio, cuts) => {
        const scanner = createFrameScanner()
        const found: Scanned[] = []
        for (let at = 0, i = 0; at < audio.length; i += 1) {
          const bytes = cuts[i % cuts.length] ?? 1
          found.push(...scanner.push(audio.subarray(at, at + bytes)))
          at += bytes
        }
        found.push(...scanner.flush())
        expect(found).toEqual(scanPlainly(audio))
      },
    ),
    { numRuns: 400 },
  )
})

test('a frame of another origin hides none behind it', () => {
  const first = frames[0] ?? Buffer.alloc(0)
  for (let shift = 0; shift <= FRAME_BYTES * 2; shift += 2) {
    const audio = Buffer.concat([allMagic(160), Buffer.alloc(shift), first, allMagic(160)])
    const scanner = createFrameScanner()
    const found = [...scanner.push(audio), ...scanner.flush()]
    expect(found[0]).toMatchObject({ kind: 'frame', atByte: 320 + shift })
    expect(found).toEqual(scanPlainly(audio))
  }
})
