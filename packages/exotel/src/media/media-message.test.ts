import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMediaMessage } from './media-message.ts'

function messageOf(value: unknown) {
  const parsed = parseMediaMessage(Buffer.from(JSON.stringify(value)))
  return parsed.kind === 'message' ? parsed.message : parsed
}

const streamSid = '33570000000000000000000000018bl'

test('reads a start as real calls send it', () => {
  const start = {
    event: 'start',
    stream_sid: streamSid,
    sequence_number: '1',
    start: {
      stream_sid: streamSid,
      call_sid: 'b0c80018bl',
      account_sid: 'acme1',
      from: '09876543210',
      to: '08044556677',
      media_format: { encoding: 'base64', sample_rate: '8000', bit_rate: '128kbps' },
    },
  }
  expect(messageOf(start)).toEqual({
    kind: 'start',
    streamSid,
    callSid: 'b0c80018bl',
    accountSid: 'acme1',
    from: '09876543210',
    to: '08044556677',
    sampleRate: 8000,
    customParameters: {},
    sequenceNumber: 1,
  })
})

test.each([
  ['camel case', { event: 'start', start: { streamSid: 's', callSid: 'c' } }],
  ['ids at the top', { event: 'start', stream_sid: 's', call_sid: 'c' }],
  ['camel case at the top', { event: 'START', streamSid: 's', callSid: 'c', start: {} }],
  ['another case', { Event: 'Start', Start: { Stream_Sid: 's', Call_Sid: 'c' } }],
])('reads a start in %s', (_what, start) => {
  expect(messageOf(start)).toEqual({
    kind: 'start',
    streamSid: 's',
    callSid: 'c',
    sampleRate: 8000,
    customParameters: {},
  })
})

test.each([
  ['16000', 16_000],
  [24_000, 24_000],
  ['16000Hz', 16_000],
  ['16kHz', 16_000],
  ['banana', 8_000],
  [0, 8_000],
  [1e9, 8_000],
  [null, 8_000],
  [undefined, 8_000],
])('sample rate %j is %i', (sample_rate, sampleRate) => {
  expect(messageOf({ event: 'start', start: { media_format: { sample_rate } } })).toMatchObject({
    sampleRate,
  })
})

test('a rate that the start does not say is the one of the address', () => {
  const read = (start: object) => {
    const data = JSON.stringify({ event: 'start', start })
    return parseMediaMessage(Buffer.from(data), { sampleRate: 16_000 })
  }
  const of = (sampleRate: number) => ({ kind: 'message', message: { kind: 'start', sampleRate } })
  expect(read({})).toMatchObject(of(16_000))
  expect(read({ media_format: { sample_rate: '' } })).toMatchObject(of(16_000))
  expect(read({ media_format: { sample_rate: '24000' } })).toMatchObject(of(24_000))
})

test('what is empty in `start` is taken from the top', () => {
  const top = { stream_sid: 's', call_sid: 'c', account_sid: 'a', from: '1', to: '2' }
  const more = { media_format: { sample_rate: '16000' }, custom_parameters: { k: 'v' } }
  const start = {
    ...{ stream_sid: '', call_sid: ' ', account_sid: 'null', from: null, to: '\0' },
    ...{ media_format: {}, custom_parameters: {} },
  }
  expect(messageOf({ event: 'start', ...top, ...more, start })).toEqual({
    kind: 'start',
    ...{ streamSid: 's', callSid: 'c', accountSid: 'a', from: '1', to: '2' },
    sampleRate: 16_000,
    customParameters: { k: 'v' },
  })
  expect(messageOf({ event: 'stop', call_sid: 'c', stop: { call_sid: '' } })).toEqual({
    kind: 'stop',
    callSid: 'c',
  })
  expect(messageOf({ event: 'media', payload: 'AQA=', media: { payload: '' } })).toMatchObject({
    kind: 'media',
  })
})

test('texts that no database keeps are mended', () => {
  const custom_parameters = { 'k\ud800': 'v\0' }
  expect(
    messageOf({ event: 'start', start: { stream_sid: 's\ud800', custom_parameters } }),
  ).toEqual({
    kind: 'start',
    streamSid: 's\ufffd',
    sampleRate: 8_000,
    customParameters: { 'k\ufffd': 'v' },
  })
  expect(messageOf({ event: 'stop', stop: { reason: 'call\0ended' } })).toEqual({
    kind: 'stop',
    reason: 'callended',
  })
})

const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, '']))

test.each([
  ['at the top', { event: 'start', ...many(64) }],
  ['in start', { event: 'start', start: many(65) }],
  ['in media_format', { event: 'start', start: { media_format: many(65) } }],
  ['in custom_parameters', { event: 'start', custom_parameters: many(28_000) }],
  ['in media', { event: 'media', media: many(65) }],
])('an object with more than 64 fields %s makes a message unknown', (_where, value) => {
  expect(messageOf(value)).toEqual({ kind: 'unknown', event: '' })
})

test('one with 64 is read', () => {
  expect(messageOf({ event: 'stop', ...many(63) })).toEqual({ kind: 'stop' })
  const custom_parameters = many(64)
  expect(messageOf({ event: 'start', start: { custom_parameters } })).toMatchObject({
    kind: 'start',
  })
})

test('keeps custom parameters, bare names included', () => {
  const start = { event: 'start', start: { custom_parameters: { cal_1: '', n: 5, x: null } } }
  expect(messageOf(start)).toMatchObject({ customParameters: { cal_1: '', n: '5', x: '' } })
})

const payload = Buffer.from([1, 0, 2, 0]).toString('base64')

test.each([
  ['text', { sequence_number: '3', media: { chunk: '2', timestamp: '200', payload } }],
  ['numbers', { sequence_number: 3, media: { chunk: 2, timestamp: 1e12, payload } }],
  ['other names', { sequenceNumber: '3', Media: { Chunk: '2', Payload: payload } }],
])('reads media with numbering as %s', (_what, rest) => {
  expect(messageOf({ event: 'media', ...rest })).toEqual({
    kind: 'media',
    sequenceNumber: 3,
    chunk: 2,
    payload: Buffer.from([1, 0, 2, 0]),
  })
})

test('reads media without any numbering', () => {
  expect(messageOf({ event: 'media', media: { payload } })).toEqual({
    kind: 'media',
    payload: Buffer.from([1, 0, 2, 0]),
  })
})

test.each([undefined, null, 7, '', '***', 'a', {}, ['AAAA']])('payload %j is bad', (bad) => {
  const message = { event: 'media', sequence_number: '3', media: { chunk: '2', payload: bad } }
  expect(messageOf(message)).toEqual({ kind: 'bad_payload', sequenceNumber: 3, chunk: 2 })
})

test.each([
  [{ event: 'connected', protocol: 'x' }, { kind: 'connected' }],
  [
    { event: 'dtmf', sequence_number: '7', dtmf: { digit: '5', duration: '100' } },
    { kind: 'dtmf', digit: '5', durationMs: 100, sequenceNumber: 7 },
  ],
  [{ event: 'dtmf' }, { kind: 'dtmf' }],
  [
    { event: 'mark', mark: { name: 'turn-3' } },
    { kind: 'mark', name: 'turn-3' },
  ],
  [
    { event: 'stop', stop: { call_sid: 'c', reason: 'callended' } },
    { kind: 'stop', reason: 'callended', callSid: 'c' },
  ],
  [{ event: 'stop' }, { kind: 'stop' }],
  [{ event: 'clear' }, { kind: 'unknown', event: 'clear' }],
  [{}, { kind: 'unknown', event: '' }],
  [{ event: ['media'] }, { kind: 'bad_payload' }],
])('reads %j', (value, expected) => {
  expect(messageOf(value)).toEqual(expected)
})

test.each(['', 'hello', '[]', '7', 'null', '{"event":'])('%j is no JSON object', (text) => {
  expect(parseMediaMessage(text)).toEqual({ kind: 'not_json' })
})

test('tells bytes that are no UTF-8', () => {
  expect(parseMediaMessage(Buffer.from([0x7b, 0xff, 0x7d]))).toEqual({ kind: 'invalid_utf8' })
})

test('never throws, whatever bytes or values come', () => {
  const anything = fc.oneof(
    fc.uint8Array(),
    fc.string(),
    fc.json(),
    fc
      .record({
        event: fc.constantFrom('start', 'media', 'dtmf', 'mark', 'stop'),
        start: fc.jsonValue(),
        media: fc.jsonValue(),
        sequence_number: fc.jsonValue(),
      })
      .map((value) => JSON.stringify(value)),
  )
  fc.assert(
    fc.property(anything, (data) => {
      expect(['message', 'not_json', 'invalid_utf8']).toContain(parseMediaMessage(data).kind)
    }),
  )
})
