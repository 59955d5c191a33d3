import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createByteRing, type ByteRing } from './byte-ring.ts'

function copyOf(ring: ByteRing, place: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  ring.read(place, bytes)
  return bytes
}

const step = fc.oneof(
  fc.record({ add: fc.uint8Array({ minLength: 1, maxLength: 90 }) }),
  fc.record({ forget: fc.nat({ max: 4 }) }),
  fc.record({ cut: fc.nat({ max: 8 }) }),
  fc.record({ clear: fc.constant(true) }),
)

test('bytes come out as they went in, until they are forgotten or cut', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }),
      fc.array(step, { maxLength: 120 }),
      (chunkBytes, steps) => {
        const ring = createByteRing({ chunkBytes })
        let kept: { place: number; bytes: Buffer }[] = []
        for (const one of steps) {
          if ('add' in one) {
            const bytes = Buffer.from(one.add)
            kept.push({ place: ring.add(bytes), bytes: Buffer.from(bytes) })
            bytes.fill(0)
          } else if ('forget' in one) {
            const last = kept[one.forget - 1]
            if (last !== undefined) ring.forgetTo(last.place + last.bytes.length)
            kept = kept.slice(one.forget)
          } else if ('cut' in one) {
            const first = kept[one.cut]
            if (first !== undefined) ring.cutTo(first.place)
            kept = kept.slice(0, one.cut)
          } else {
            ring.clear()
            kept = []
          }
          for (const { place, bytes } of kept) {
            expect(copyOf(ring, place, bytes.length)).toEqual(bytes)
          }
        }
      },
    ),
    { interruptAfterTimeLimit: 10_000 },
  )
})

test('what is forgotten is written again: memory is made for what is kept at a time', () => {
  let made = 0
  const allocate = (bytes: number) => {
    made += 1
    return Buffer.allocUnsafeSlow(bytes)
  }
  const ring = createByteRing({ chunkBytes: 64, allocate })
  expect(made).toBe(0)
  for (let n = 0; n < 1_000; n += 1) ring.forgetTo(ring.add(Buffer.alloc(64, n)))
  expect(made).toBeLessThanOrEqual(3)
})
