import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pick, textOf, type Fields } from './fields.ts'

/** The same by looking at every key for every question. */
function pickByLooking(fields: Fields, ...names: string[]): unknown {
  for (const name of names) if (Object.hasOwn(fields, name)) return fields[name]
  const plain = (name: string) => name.toLowerCase().replace(/[_\-\s\ufeff]/g, '')
  const wanted = names.map(plain)
  return Object.entries(fields).find(([name]) => wanted.includes(plain(name)))?.[1]
}

test('a field is found under every spelling, the one that comes first', () => {
  const spelling = fc.constantFrom(
    ...['CallSid', 'callsid', 'call_sid', 'Call-Sid', 'CALL SID', '\ufeffcall_sid'],
    ...['from', 'From', 'CallFrom', 'call_from', '__proto__', 'constructor', '_', ''],
  )
  const fields = fc
    .array(fc.tuple(spelling, fc.option(fc.nat())), { maxLength: 12 })
    .map((entries): Fields => Object.fromEntries(entries))
  fc.assert(
    fc.property(fields, fc.array(spelling, { minLength: 1, maxLength: 3 }), (from, names) => {
      expect(pick(from, ...names)).toBe(pickByLooking(from, ...names))
      // The second question is answered from what the first has found out.
      expect(pick(from, ...names)).toBe(pickByLooking(from, ...names))
    }),
  )
})

test.each([null, undefined, 7, 'text', ['call_sid']])('%j has no fields', (value) => {
  expect(pick(value, 'call_sid')).toBeUndefined()
})

test('an object is gone through once, however many of its fields are asked for', () => {
  let listed = 0
  const fields = new Proxy<Fields>(
    { Call_Sid: 'c' },
    {
      ownKeys: (target) => {
        listed += 1
        return Reflect.ownKeys(target)
      },
    },
  )
  for (const name of ['from', 'to', 'status', 'digits']) {
    expect(pick(fields, name)).toBeUndefined()
  }
  expect([pick(fields, 'callsid'), listed]).toEqual(['c', 1])
})

test.each([
  ['call\ud800ended', 'call\ufffdended'],
  ['\udc00', '\ufffd'],
  ['call\0ended', 'callended'],
  ['\0 \0', undefined],
  ['nu\0ll', undefined],
  ['\u{1f600}', '\u{1f600}'],
])('%j is read as %j', (raw, text) => {
  expect(textOf(raw)).toBe(text)
})
