import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeCommand } from './encode-command.ts'

/** As the protocol's own page says it, piece by piece. */
function reference(parts: readonly (string | Buffer)[]): Buffer {
  const bulks = parts.map((part) => {
    const bytes = Buffer.from(part)
    return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')])
  })
  return Buffer.concat([Buffer.from(`*${parts.length}\r\n`), ...bulks])
}

test('is an array of bulk strings, whatever is in them', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '\r\n$1\r\n', 'é€😀'))
  const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))
  fc.assert(
    fc.property(fc.array(fc.oneof(text, bytes), { minLength: 1, maxLength: 12 }), (parts) => {
      expect(encodeCommand(parts)).toEqual(reference(parts))
    }),
  )
})
