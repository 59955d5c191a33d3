import { expect, test } from 'vitest'
import { readOldPhone } from './old-phone.ts'

const exotelData = {
  apiKey: 'aa:bb:cc',
  apiToken: 'dd:ee:ff',
  sid: 'acme1',
  subdomain: 'api.exotel.com',
}
const read = (document: unknown) => readOldPhone(JSON.stringify(document))

test('a document as mongoexport writes it', () => {
  expect(
    read({
      _id: { $oid: '60d21b4667d0d8992e610c85' },
      userId: { $oid: '60d21b4667d0d8992e610c80' },
      number: '+919876543210',
      country: 'IN',
      provider: 'exotel',
      status: 'active',
      agentId: { $oid: '60d21b4667d0d8992e610c90' },
      exotelData,
      tags: ['sales', 'support'],
      createdAt: { $date: '2025-01-05T10:00:00.000Z' },
      __v: { $numberInt: '0' },
    }),
  ).toEqual({
    number: '+919876543210',
    country: 'IN',
    provider: 'exotel',
    status: 'active',
    userId: '60d21b4667d0d8992e610c80',
    hasAgent: true,
    tags: ['sales', 'support'],
    credentials: { kind: 'whole', ...exotelData },
  })
})

test('the least there can be', () => {
  expect(read({ number: '080 4711 2233' })).toEqual({
    ...{ number: '080 4711 2233', country: null, provider: null, status: null, userId: null },
    ...{ hasAgent: false, tags: [], credentials: { kind: 'none' } },
  })
})

test.each([
  [{ $numberLong: '919876543210' }, '919876543210'],
  [9_876_543_210, '9876543210'],
  [{ $symbol: '+919876543210' }, '+919876543210'],
])('a number written as %j', (number, text) => {
  expect(read({ number })?.number).toBe(text)
})

test.each([
  [undefined, 'none'],
  [null, 'none'],
  [{ $undefined: true }, 'none'],
  [{}, 'none'],
  [{ apiKey: null, apiToken: '', sid: { $undefined: true } }, 'none'],
  [{ ...exotelData, subdomain: null }, 'incomplete'],
  [{ ...exotelData, apiToken: '' }, 'incomplete'],
  [{ sid: 'acme1' }, 'incomplete'],
  [exotelData, 'whole'],
])('exotelData %j is %s', (data, kind) => {
  expect(read({ number: '1', exotelData: data })?.credentials.kind).toBe(kind)
})

test.each([
  'no JSON',
  '{"number":',
  '[]',
  'null',
  '"text"',
  '{}',
  '{"number":null}',
  '{"number":{"$oid":1}}',
  '{"number":["1"]}',
  '{"number":"1","tags":"sales"}',
  '{"number":"1","exotelData":"aa:bb:cc"}',
  '{"number":"1","exotelData":{"apiKey":["aa:bb:cc"]}}',
  '['.repeat(60_000),
])('is no phone: %.40s', (line) => {
  expect(readOldPhone(line)).toBeNull()
})

test('a document can’t reach the prototype of ours', () => {
  expect(readOldPhone('{"number":"1","__proto__":{"polluted":true}}')).not.toBeNull()
  expect({}).not.toHaveProperty('polluted')
})
