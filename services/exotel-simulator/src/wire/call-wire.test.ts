import { describe, expect, it } from 'vitest'
import { sampleCall } from '../testing/sample-call.ts'
import { callDetailsV1, callV1 } from './call-v1.ts'
import { callV3 } from './call-v3.ts'
import { callbackBody, callbackFields, encodeCallback } from './callback-body.ts'
import { mediaMessage, startMessage, stopMessage } from './media-messages.ts'

const call = sampleCall()
const ended = call.endedAtMs ?? 0
const live = sampleCall({ status: 'in-progress', endedAtMs: null })

describe('v1', () => {
  it('says in-progress in the reply to the POST, whatever the phone does', () => {
    const reply = callV1(sampleCall({ status: 'queued', endedAtMs: null }), {
      ...{ reply: 'created', nowMs: call.createdAtMs, settleMs: 0 },
    })
    expect(reply).toMatchObject({
      ...{ Status: 'in-progress', From: '09876543210', To: '08047112233', EndTime: null },
      ...{
        Duration: null,
        Price: null,
        DateCreated: '2026-06-15 11:30:00',
        Direction: 'outbound-api',
      },
    })
  })
  it('gives duration and price as strings, once they have settled', () => {
    const at = (ms: number) =>
      callV1(call, { reply: 'details', nowMs: ended + ms, settleMs: 120_000 })
    expect(at(119_999)).toMatchObject({
      Status: 'completed',
      Duration: null,
      Price: null,
      EndTime: null,
    })
    expect(at(120_000)).toMatchObject({
      Duration: '12',
      Price: '0.500',
      EndTime: '2026-06-15 11:30:13',
    })
  })
  it('wraps each leg in the details, with numbers as numbers', () => {
    expect(callDetailsV1(call)).toEqual({
      ...{ ConversationDuration: 12, Leg1Status: 'completed', Leg2Status: null },
      Legs: [{ Leg: { Id: 1, OnCallDuration: 12 } }],
    })
  })
  it('has no CustomField', () => {
    const shown = callV1(call, { reply: 'details', nowMs: ended, settleMs: 0 })
    expect(JSON.stringify(shown)).not.toContain('cal_1')
  })
})

it('v3 gives the custom field, zoned dates, and the epoch while a call lives', () => {
  expect(callV3(call)).toMatchObject({
    ...{ custom_field: 'cal_1', state: 'terminal', status: 'completed', total_talk_time: 12 },
    end_time: '2026-06-15 11:30:13+05:30',
  })
  expect(callV3(live)).toMatchObject({
    ...{ state: 'active', status: null, end_time: '1970-01-01 05:30:00+05:30' },
  })
})

describe('status callbacks', () => {
  const moment = { call, event: 'terminal', atMs: ended, nullStatus: false } as const
  it('has three fields when no events were asked for', () => {
    const bare = sampleCall({
      callback: { url: 'http://x/', events: [], contentType: 'application/json' },
    })
    expect(callbackBody({ ...moment, call: bare })).toEqual({
      ...{ CallSid: call.sid, Status: 'completed', DateUpdated: '2026-06-15 11:30:13' },
    })
  })
  it('has the long form when they were, with CustomField at the end alone', () => {
    const body = callbackBody(moment)
    expect(body).toMatchObject({
      ...{
        EventType: 'terminal',
        Status: 'completed',
        CustomField: 'cal_1',
        ConversationDuration: 12,
      },
      Legs: [
        { Status: 'completed', OnCallDuration: 12 },
        { Status: null, OnCallDuration: 0 },
      ],
    })
    const answered = callbackBody({ ...moment, call: live, event: 'answered' })
    expect(answered).toMatchObject({ Status: 'in-progress', EndTime: '1970-01-01 05:30:00' })
    expect(answered).not.toHaveProperty('CustomField')
  })
  it('names the recording at the end of a recorded call', () => {
    const body = callbackBody({ ...moment, call: sampleCall({ record: true }) })
    expect(body['RecordingUrl']).toMatch(/^https:\/\/recordings\.exotel\.com\//)
  })
  it('writes everything as text in forms', () => {
    const fields = Object.fromEntries(callbackFields(callbackBody({ ...moment, nullStatus: true })))
    expect(fields).toMatchObject({
      ...{ Status: 'null', ConversationDuration: '12', 'Legs[0][Status]': 'completed' },
      ...{ 'Legs[1][Status]': '', 'Legs[1][OnCallDuration]': '0' },
    })
    const form = encodeCallback(callbackBody(moment), 'multipart/form-data', 'bbb')
    expect(form.contentType).toBe('multipart/form-data; boundary=bbb')
    expect(form.bytes.toString()).toMatch(/^--bbb\r\n[^]*\r\n--bbb--\r\n$/)
    const json = encodeCallback(callbackBody({ ...moment, nullStatus: true }), 'application/json')
    expect(JSON.parse(json.bytes.toString())).toMatchObject({ Status: null })
  })
})

describe('media messages', () => {
  const sid = '33570000000000000000000000000018bl'.slice(-32)
  it('start has strings for numbers, and parameters only when there are some', () => {
    const start = startMessage(call, sid, {})
    expect(JSON.parse(start)).toEqual({
      ...{ event: 'start', stream_sid: sid, sequence_number: '1' },
      start: {
        ...{ stream_sid: sid, call_sid: call.sid, account_sid: 'acme1' },
        ...{ from: '09876543210', to: '08047112233' },
        media_format: { encoding: 'base64', sample_rate: '8000', bit_rate: '128kbps' },
      },
    })
    expect(startMessage(call, sid, { a: 'b' })).toContain('"custom_parameters":{"a":"b"}')
  })
  it('media has the size of the messages seen on real calls', () => {
    const frame = Buffer.alloc(320)
    expect(mediaMessage(sid, { sequence: 100, chunk: 99 }, frame)).toHaveLength(572)
    expect(mediaMessage(sid, { sequence: 1600, chunk: 1599 }, frame)).toHaveLength(576)
    expect(JSON.parse(mediaMessage(sid, { sequence: 3, chunk: 2 }, frame))).toMatchObject({
      ...{ sequence_number: '3', media: { chunk: '2', timestamp: '40' } },
    })
  })
  it('stop says why', () => {
    expect(JSON.parse(stopMessage(call, sid, 9, 'callended'))).toEqual({
      ...{ event: 'stop', stream_sid: sid, sequence_number: '9' },
      stop: { call_sid: call.sid, account_sid: 'acme1', reason: 'callended' },
    })
  })
})
