import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSlab } from './slab.ts'

test('what is kept stays as it was, whatever comes behind it', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 40 }), (pieces) => {
      const keep = createSlab(100)
      const given = pieces.map((piece) => Buffer.from(piece))
      const kept = given.map((piece) => keep(piece))
      for (const piece of given) piece.fill(0)
      expect(kept.map((piece) => [...piece])).toEqual(pieces.map((piece) => [...piece]))
    }),
  )
})

test('what is kept lies with its like alone', () => {
  const keep = createSlab()
  const block = Buffer.alloc(1_616)
  const slabs = new Set(
    Array.from({ length: 400 }, () => {
      // What a block is made of comes from the pool of small buffers, and is gone in a moment.
      Buffer.allocUnsafe(3_000)
      return keep(block).buffer
    }),
  )
  const bytes = [...slabs].reduce((sum, slab) => sum + slab.byteLength, 0)
  expect(bytes).toBeLessThan(400 * 1_616 * 1.2)
})
