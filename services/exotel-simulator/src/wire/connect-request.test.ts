import { describe, expect, it } from 'vitest'
import { readConnect } from './connect-request.ts'

const account = { sid: 'acme1', phones: ['+918047112233'] }
const A = { From: '09811122233', To: '+919876543210', CallerId: '08047112233' }
const B = {
  From: '+919876543210',
  CallerId: '+918047112233',
  Url: 'http://my.exotel.com/acme1/exoml/start_voice/926',
}
const C = {
  ...{ From: '+919876543210', CallerId: '08047112233', StreamType: 'bidirectional' },
  StreamUrl: 'wss://calls.example/v1/ingest/t/abc',
}
const read = (fields: Record<string, string>) => readConnect(Object.entries(fields), account)
const urlOf = (length: number) => `wss://calls.example/${'a'.repeat(length - 20)}`

describe('the three modes', () => {
  it.each([
    ['two-numbers', A, { to: '+919876543210', from: '+919811122233', appId: null }],
    ['flow', B, { to: '+918047112233', from: '+919876543210', appId: '926' }],
    ['flow', { ...B, Url: B.Url.replace('http:', 'https:') }, { appId: '926' }],
    ['stream', C, { to: '+918047112233', from: '+919876543210', streamUrl: C.StreamUrl }],
    [
      'two-numbers',
      { ...A, StreamUrl: C.StreamUrl, StreamBegin: 'Leg1Connect' },
      { streamBegin: 'Leg1Connect' },
    ],
    ['two-numbers', { ...A, StreamUrl: C.StreamUrl }, { streamBegin: 'Leg2Connect' }],
  ])('%s from %j', (mode, fields, expected) => {
    expect(read(fields)).toMatchObject({
      kind: 'order',
      order: { mode, phone: '+918047112233', accountSid: 'acme1', ...expected },
    })
  })
})

it('takes the limits themselves', () => {
  const fields = { ...C, StreamUrl: urlOf(599), TimeLimit: '14400', CustomField: 'x'.repeat(128) }
  expect(read(fields)).toMatchObject({ order: { timeLimitSeconds: 14_400 } })
})

it('reads what is asked of the callback', () => {
  const fields = {
    ...{
      ...A,
      StatusCallback: 'http://127.0.0.1:1/x',
      StatusCallbackContentType: 'application/json',
    },
    ...{ 'StatusCallbackEvents[0]': 'terminal', 'StatusCallbackEvents[1]': 'answered' },
    ...{ Record: 'true', TimeOut: '30' },
  }
  expect(read(fields)).toMatchObject({
    order: {
      callback: {
        url: 'http://127.0.0.1:1/x',
        events: ['terminal', 'answered'],
        contentType: 'application/json',
      },
      ...{ record: true, timeOutSeconds: 30 },
    },
  })
})

describe('refusals', () => {
  it.each([
    [{ ...A, From: '' }, 'Mandatory Parameter missing: From'],
    [{ ...A, CallerId: '' }, 'Mandatory Parameter missing: CallerId'],
    [{ From: A.From, CallerId: A.CallerId }, 'Mandatory Parameter missing: To, Url or StreamUrl'],
    [{ ...A, From: '12' }, 'Invalid parameter: From'],
    [{ ...A, To: 'anna' }, 'Invalid parameter: To'],
    [{ ...A, CallerId: '09999999999' }, 'Invalid parameter: CallerId'],
    [{ ...B, Url: 'https://elsewhere.example/flow' }, 'Invalid parameter: Url'],
    [{ ...B, Url: B.Url.replace('acme1', 'other1') }, 'Invalid parameter: Url'],
    [{ ...B, StreamUrl: C.StreamUrl }, 'Url and StreamUrl cannot be used together'],
    [{ ...B, StreamType: 'bidirectional' }, 'Url and StreamUrl cannot be used together'],
    [{ ...C, StreamUrl: urlOf(600) }, 'Invalid parameter: StreamUrl'],
    [{ ...C, StreamUrl: 'https://calls.example/' }, 'Invalid parameter: StreamUrl'],
    [{ ...C, StreamUrl: 'nonsense' }, 'Invalid parameter: StreamUrl'],
    [{ ...C, StreamType: '' }, 'Mandatory Parameter missing: StreamType'],
    [{ ...C, StreamType: 'both' }, 'Invalid parameter: StreamType'],
    [{ ...C, StreamName: 'x'.repeat(33) }, 'Invalid parameter: StreamName'],
    [{ ...A, StreamUrl: C.StreamUrl, StreamBegin: 'Now' }, 'Invalid parameter: StreamBegin'],
    [{ ...A, TimeLimit: '14401' }, 'Invalid parameter: TimeLimit'],
    [{ ...A, TimeLimit: '0' }, 'Invalid parameter: TimeLimit'],
    [{ ...A, TimeLimit: '1.5' }, 'Invalid parameter: TimeLimit'],
    [{ ...A, TimeOut: '-1' }, 'Invalid parameter: TimeOut'],
    [{ ...A, CustomField: 'x'.repeat(129) }, 'Invalid parameter: CustomField'],
    [{ ...A, CallType: 'promo' }, 'Invalid parameter: CallType'],
    [{ ...A, Record: 'yes' }, 'Invalid parameter: Record'],
    [{ ...A, StatusCallback: 'ftp://x/' }, 'Invalid parameter: StatusCallback'],
    [
      { ...A, StatusCallback: 'http://x/', StatusCallbackContentType: 'text/xml' },
      'Invalid parameter: StatusCallbackContentType',
    ],
    [
      { ...A, StatusCallback: 'http://x/', 'StatusCallbackEvents[]': 'both' },
      'Invalid parameter: StatusCallbackEvents',
    ],
  ])('%j', (fields, message) => {
    expect(read(fields)).toEqual({ kind: 'refused', refusal: { status: 400, message } })
  })
})
