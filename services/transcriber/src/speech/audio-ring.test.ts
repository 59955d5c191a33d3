import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAudioRing } from './audio-ring.ts'
import { createByteRing } from './byte-ring.ts'

const step = fc.oneof(
  fc.record({ add: fc.uint8Array({ minLength: 1, maxLength: 90 }) }),
  fc.record({ forget: fc.nat({ max: 4 }) }),
)

test('bytes come out as they went in, until they are forgotten', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }),
      fc.array(step, { maxLength: 120 }),
      (size, steps) => {
        const ring = createByteRing(size)
        let kept: { place: number; bytes: Buffer }[] = []
        for (const one of steps) {
          if ('add' in one) {
            const bytes = Buffer.from(one.add)
            kept.push({ place: ring.add(bytes), bytes: Buffer.from(bytes) })
            bytes.fill(0)
          } else {
            const last = kept[one.forget - 1]
            if (last !== undefined) ring.forgetTo(last.place + last.bytes.length)
            kept = kept.slice(one.forget)
          }
          for (const { place, bytes } of kept) expect(ring.copy(place, bytes.length)).toEqual(bytes)
        }
      },
    ),
    { interruptAfterTimeLimit: 10_000 },
  )
})

test('a copy stays as it is when its memory is written again', () => {
  const ring = createByteRing(64)
  const place = ring.add(Buffer.alloc(64, 1))
  const copy = ring.copy(place, 64)
  ring.forgetTo(ring.add(Buffer.alloc(64, 2)))
  ring.add(Buffer.alloc(640, 3))
  expect(copy).toEqual(Buffer.alloc(64, 1))
})

test('a chunk that was heard is heard the same again, whatever became of its first memory', () => {
  const ring = createAudioRing()
  const sounds = Array.from({ length: 40 }, (_, n) => Buffer.alloc(1_600, n + 1))
  for (const [n, sound] of sounds.entries()) ring.push({ callMs: n * 100, durationMs: 100 }, sound)
  for (let n = 0; n < 30; n += 1) expect(ring.soundOf(n)).toBe(sounds[n])
  for (const sound of sounds.slice(0, 30)) sound.fill(0)
  ring.trim(1_000)
  expect([ring.first, ring.next, ring.at(9)]).toEqual([10, 40, undefined])
  for (let n = 10; n < 40; n += 1) expect(ring.soundOf(n)).toEqual(Buffer.alloc(1_600, n + 1))
})

test('of a chunk that is not kept there is no sound', () => {
  expect(createAudioRing().soundOf(0)).toHaveLength(0)
})
