import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseStatusCallback } from './status-callback.ts'

const multipart = 'multipart/form-data; boundary=x'
const form = 'application/x-www-form-urlencoded'
const json = 'application/json'

test('reads the minimal body of a real callback', () => {
  const fields = { CallSid: 'b0c818bl', Status: 'completed', DateUpdated: '2025-01-07 15:51:06' }
  expect(parseStatusCallback(multipart, fields)).toEqual({
    kind: 'ok',
    callback: {
      callSid: 'b0c818bl',
      status: 'completed',
      updatedAtMs: Date.UTC(2025, 0, 7, 10, 21, 6),
    },
  })
})

test('reads the full body alike as a form and as JSON', () => {
  const shared = {
    CallSid: 'c1',
    EventType: 'Terminal',
    Status: 'completed',
    From: '09876543210',
    To: '08044556677',
    Direction: 'outbound-api',
    CustomField: 'cal_1',
    RecordingUrl: 'https://recordings.exotel.com/x.mp3',
  }
  const asForm = parseStatusCallback(multipart, {
    ...shared,
    ConversationDuration: '41',
    'Legs[0][Status]': 'completed',
    'Legs[0][OnCallDuration]': '41',
    'Legs[0][AnsweredBy]': 'HUMAN',
    'Legs[0][Number]': '09876543210',
    'Legs[1][Status]': '',
    'Legs[1][Cause]': 'User Busy',
  })
  const asJson = parseStatusCallback(json, {
    ...shared,
    ConversationDuration: 41,
    Legs: [
      { OnCallDuration: 41, Status: 'completed', AnsweredBy: 'human', Cause: '09876543210' },
      { Status: null, AnsweredBy: 'NA', Cause: 'USER_BUSY' },
    ],
  })
  expect(asForm).toEqual(asJson)
  expect(asJson).toEqual({
    kind: 'ok',
    callback: {
      callSid: 'c1',
      status: 'completed',
      eventType: 'terminal',
      durationSeconds: 41,
      recordingUrl: 'https://recordings.exotel.com/x.mp3',
      customField: 'cal_1',
      from: '09876543210',
      to: '08044556677',
      direction: 'outbound-api',
      legs: [
        { status: 'completed', onCallSeconds: 41, answeredBy: 'human', cause: null },
        { status: null, onCallSeconds: null, answeredBy: null, cause: 'user_busy' },
      ],
    },
  })
})

test.each([
  ['a null status', { CallSid: 'c1', Status: null }, null],
  ['the word null', { CallSid: 'c1', Status: 'null' }, null],
  ['no status', { CallSid: 'c1' }, null],
  ['an unknown status', { CallSid: 'c1', Status: 'teleported' }, null],
  ['an unknown status at the end', { CallSid: 'c1', EventType: 'terminal', Status: 'x' }, null],
  ['answered without a status', { CallSid: 'c1', EventType: 'answered' }, 'in-progress'],
  ['lower-case names', { callsid: 'c1', status: 'BUSY' }, 'busy'],
  ['snake case', { call_sid: 'c1', call_status: 'no-answer' }, 'no-answer'],
  ['a field that came twice', { CallSid: 'c1', Status: ['ringing', 'completed'] }, 'completed'],
  ['a mark before the first name', { '\ufeffCallSid': 'c1', Status: 'failed' }, 'failed'],
])('understands %s', (_what, fields, status) => {
  expect(parseStatusCallback(multipart, fields)).toMatchObject({
    kind: 'ok',
    callback: { callSid: 'c1', status },
  })
})

test('reads text by its content type, also behind a byte order mark', () => {
  const expected = { kind: 'ok', callback: { callSid: 'c1', status: 'busy' } }
  expect(parseStatusCallback(form, 'CallSid=c1&Status=busy')).toEqual(expected)
  expect(parseStatusCallback(json, '\ufeff{"CallSid":"c1","Status":"busy"}')).toEqual(expected)
  expect(parseStatusCallback(json, Buffer.from('{"CallSid":"c1","Status":"busy"}'))).toEqual(
    expected,
  )
})

test.each([
  [json, '{', 'not_an_object'],
  [json, '[]', 'not_an_object'],
  [json, null, 'not_an_object'],
  ['text/plain', 'CallSid=c1', 'not_an_object'],
  [multipart, {}, 'no_call_sid'],
  [multipart, { CallSid: 'null' }, 'no_call_sid'],
  [multipart, { CallSid: '../x' }, 'bad_call_sid'],
  [multipart, { CallSid: 'x'.repeat(200) }, 'bad_call_sid'],
  [multipart, { CallSid: ['c1', 'c2'] }, 'two_call_sids'],
  [multipart, { CallSid: 'c1', call_sid: 'c2' }, 'two_call_sids'],
])('refuses %s %j', (contentType, body, reason) => {
  expect(parseStatusCallback(contentType, body)).toEqual({ kind: 'invalid', reason })
})

test.each([
  ['a day', '86400', 86_400],
  ['more than a day', '86401', undefined],
  // As an epoch in ms would be: beyond what the database takes.
  ['a time of day', '1732000000000', undefined],
  ['more than a day, as a number', 2 ** 31, undefined],
])('a duration of %s', (_what, told, seconds) => {
  const fields = { CallSid: 'c1', ConversationDuration: told, 'Legs[0][OnCallDuration]': told }
  expect(parseStatusCallback(multipart, fields)).toEqual({
    kind: 'ok',
    callback: {
      ...{ callSid: 'c1', status: null },
      ...(seconds !== undefined && { durationSeconds: seconds }),
      legs: [{ status: null, onCallSeconds: seconds ?? null, answeredBy: null, cause: null }],
    },
  })
})

test.each([['c1'], ['c1', 'c1'], ['c1', 'null']])('a Sid said more than once', (...said) => {
  const fields = { CallSid: said, call_sid: 'c1' }
  expect(parseStatusCallback(multipart, fields)).toMatchObject({ callback: { callSid: 'c1' } })
})

test('never throws, whatever comes', () => {
  const type = fc.constantFrom(json, form, multipart, '')
  const bag = fc.dictionary(
    fc.oneof(
      fc.string(),
      fc.constantFrom('CallSid', 'Status', 'Legs', 'Legs[0][Status]', '__proto__'),
    ),
    fc.anything(),
  )
  const body = fc.oneof(fc.anything(), bag, fc.string(), fc.uint8Array())
  fc.assert(
    fc.property(type, body, (contentType, value) => {
      expect(['ok', 'invalid']).toContain(parseStatusCallback(contentType, value).kind)
    }),
  )
})
