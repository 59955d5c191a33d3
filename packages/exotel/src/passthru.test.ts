import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  parsePassthru,
  passthruCustomField,
  passthruNumbers,
  withoutStreamUrl,
} from './passthru.ts'

const asked = {
  CallSid: 'c1',
  CallFrom: '09876543210',
  CallTo: '08044556677',
  Direction: 'outbound-dial',
  EndTime: '1970-01-01 05:30:00',
}

test('a flow that asks is a call that was answered', () => {
  expect(parsePassthru(asked)).toEqual({ callSid: 'c1', status: 'in-progress' })
})

test.each([
  [{ CallStatus: 'completed' }, 'completed'],
  [{ CallStatus: 'busy', CallType: 'call-attempt' }, 'busy'],
  [{ CallStatus: 'in-progress' }, 'in-progress'],
  [{ CallStatus: 'null' }, 'in-progress'],
  [{ CallStatus: 'teleported' }, 'in-progress'],
  [{ CallType: 'client-hangup' }, 'completed'],
  [{ CallType: 'call-attempt' }, 'in-progress'],
  [{ CallType: 'incomplete', DialCallStatus: 'no-answer' }, 'in-progress'],
  [{ CallType: 'completed', DialCallStatus: 'completed' }, 'in-progress'],
])('%j says %s', (fields, status) => {
  expect(parsePassthru({ ...asked, ...fields })).toMatchObject({ callSid: 'c1', status })
})

test('what became of the dialed number is the second leg', () => {
  const fields = { ...asked, DialCallStatus: 'no-answer', DialCallDuration: '0' }
  expect(parsePassthru(fields)?.legs).toEqual([
    { status: null, onCallSeconds: null, answeredBy: null, cause: null },
    { status: 'no-answer', onCallSeconds: 0, answeredBy: null, cause: null },
  ])
  const told = { ...fields, 'Legs[1][Status]': 'busy', 'Legs[0][OnCallDuration]': '7' }
  expect(parsePassthru(told)?.legs).toMatchObject([
    { onCallSeconds: 7 },
    { status: 'busy', onCallSeconds: 0 },
  ])
})

const url = 'wss://KEY:TOKEN@calls.example/v1/ingest'
const recording = 'https://recordings.exotel.com/x.mp3'
const flat = {
  'Stream[StreamSID]': 's1',
  'Stream[Status]': 'failed',
  'Stream[DetailedStatus]': 'Streaming_call_throttled',
  'Stream[StreamUrl]': url,
  'Stream[RecordingUrl]': recording,
}
const whole = {
  Stream: JSON.stringify({
    StreamSID: 's1',
    Status: 'failed',
    DetailedStatus: 'Streaming_call_throttled',
    StreamUrl: url,
    RecordingUrl: recording,
  }),
}

test.each([
  ['fields', flat],
  ['one JSON text', whole],
])('a stream comes as %s, and its address is not kept', (_how, stream) => {
  const kept = withoutStreamUrl({ ...asked, ...stream })
  expect(JSON.stringify(kept)).not.toMatch(/TOKEN|wss:/)
  expect(parsePassthru(kept)).toEqual(parsePassthru({ ...asked, ...stream }))
  expect(parsePassthru(kept)).toMatchObject({
    recordingUrl: recording,
    stream: { sid: 's1', failed: true, detail: 'streaming_call_throttled' },
  })
})

test('a stream that is no JSON is dropped whole, for it may hold the address', () => {
  const kept = withoutStreamUrl({ ...asked, Stream: `{"StreamUrl":"${url}"` })
  expect(JSON.stringify(kept)).not.toContain('TOKEN')
  expect(parsePassthru(kept)).toEqual({ callSid: 'c1', status: 'in-progress' })
})

test.each([
  ['"8"', '8'],
  ['8#', '8#'],
])('digits %s are %s', (told, digits) => {
  expect(parsePassthru({ ...asked, digits: told })?.digits).toBe(digits)
})

test.each([{}, { CallSid: '' }, { CallSid: '../x' }, { CallSid: 'x'.repeat(200) }])(
  'names no call: %j',
  (fields) => {
    expect(parsePassthru(fields)).toBeNull()
  },
)

test('tells whom it is about', () => {
  expect(passthruNumbers({ ...asked, From: '', To: 'null' })).toEqual([
    '09876543210',
    '08044556677',
  ])
  expect(passthruCustomField({ custom_field: ' cal_1 ' })).toBe('cal_1')
  expect(passthruCustomField(asked)).toBeNull()
})

test('never throws, whatever comes', () => {
  const name = fc.oneof(fc.string(), fc.constantFrom('CallSid', 'Stream', 'Stream[x]', '__proto__'))
  fc.assert(
    fc.property(fc.dictionary(name, fc.string()), (fields) => {
      parsePassthru(withoutStreamUrl(fields))
      expect(passthruNumbers(fields)).toBeInstanceOf(Array)
    }),
  )
})
