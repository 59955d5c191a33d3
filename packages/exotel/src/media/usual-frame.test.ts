import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAny, parseMediaMessage } from './media-message.ts'
import { readUsualFrame } from './usual-frame.ts'

const usual = (o: { sid?: string; sequence?: string; chunk?: string; payload: string }) =>
  `{"event":"media","stream_sid":"${o.sid ?? '33570000000000000000000000018bl'}",` +
  `"sequence_number":"${o.sequence ?? '12'}",` +
  `"media":{"chunk":"${o.chunk ?? '11'}","timestamp":"220","payload":"${o.payload}"}}`

test('reads what real calls send', () => {
  const pcm = Buffer.from(Array.from({ length: 320 }, (_, at) => at & 255))
  const data = Buffer.from(usual({ payload: pcm.toString('base64') }))
  expect(readUsualFrame(data)).toEqual({
    kind: 'media',
    payload: pcm,
    sequenceNumber: 12,
    chunk: 11,
  })
})

test.each([
  ['another order', '{"event":"media","media":{"payload":"AAAA"},"stream_sid":"s"}'],
  ['more fields', usual({ payload: 'AAAA' }).replace('"media":{', '"media":{"track":"in",')],
  ['another event', usual({ payload: 'AAAA' }).replace('media', 'mark')],
  ['a payload of nothing', usual({ payload: '' })],
  ['a payload that is none', usual({ payload: 'AA*A' })],
  ['a payload with a blank', usual({ payload: 'AAAA AAAA' })],
  ['text behind its padding', usual({ payload: 'AA==AAAA' })],
  ['too much padding', usual({ payload: 'AA===' })],
  ['an end of JSON within', usual({ payload: 'AAAA"}},"x":{"y":{"z":"AAAA' })],
  ['a text with a backslash', usual({ payload: 'AAAA\\u0041' })],
])('leaves %s to the long way', (_what, text) => {
  expect(readUsualFrame(Buffer.from(text))).toBeNull()
})

test('whatever comes, the short way and the long way agree', () => {
  const base64 = fc
    .uint8Array({ maxLength: 40 })
    .map((bytes) => Buffer.from(bytes).toString('base64'))
  const nearly = fc.stringMatching(/^[AZaz09+/_=*" \\é-]{0,12}$/)
  const digits = fc.oneof(fc.nat().map(String), fc.constantFrom('', '007', '999999999999999', '1x'))
  const text = fc
    .record({
      sid: fc.oneof(fc.constant('33570000000000000000000000018bl'), nearly),
      sequence: digits,
      chunk: digits,
      payload: fc.oneof(
        base64,
        nearly,
        fc.tuple(base64, nearly).map((both) => both.join('')),
      ),
    })
    .map(usual)
  const flip = fc.record({ at: fc.nat(), to: fc.nat({ max: 255 }) })
  fc.assert(
    fc.property(text, fc.array(flip, { maxLength: 2 }), (said, flips) => {
      const data = Buffer.from(said)
      for (const { at, to } of flips) data[at % data.length] = to
      expect(parseMediaMessage(data)).toEqual(parseAny(data))
    }),
    { numRuns: 3_000 },
  )
})
