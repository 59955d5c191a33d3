import { expect, test } from 'vitest'
import { buildPlaceCall, placeCallForm, type DialAgent } from './build-place-call.ts'

const person = '+919876543210'
const agent = '+919812345678'
const ours = 'wss://calls.example/v1/ingest/t/abc'
const shared = {
  to: person,
  callerId: '+918044556677',
  sid: 'acme1',
  ingestUrl: ours,
  customField: 'cal_1',
  statusCallback: 'https://calls.example/cb',
}

test.each<[string, DialAgent, Record<string, string>]>([
  [
    'human',
    { kind: 'human', number: agent },
    { From: agent, To: person, StreamUrl: ours, StreamBegin: 'Leg2Connect' },
  ],
  [
    'flow',
    { kind: 'flow', appId: '4711' },
    { From: person, Url: 'http://my.exotel.com/acme1/exoml/start_voice/4711' },
  ],
  ['stream', { kind: 'stream' }, { From: person, StreamUrl: ours, StreamType: 'bidirectional' }],
  [
    'stream with a URL of its own',
    { kind: 'stream', streamUrl: 'wss://bot.example/x' },
    { From: person, StreamUrl: 'wss://bot.example/x', StreamType: 'bidirectional' },
  ],
])('a %s agent', (_kind, dialAgent, expected) => {
  const form = new URLSearchParams(placeCallForm(buildPlaceCall(dialAgent, shared)))
  expect(Object.fromEntries(form)).toEqual({
    ...expected,
    CallerId: '+918044556677',
    CustomField: 'cal_1',
    StatusCallback: 'https://calls.example/cb',
    'StatusCallbackEvents[0]': 'terminal',
    'StatusCallbackEvents[1]': 'answered',
  })
})

test('the moment the stream begins, recording and time limit are settings', () => {
  const request = buildPlaceCall(
    { kind: 'human', number: agent },
    { ...shared, streamBegin: 'Leg1Connect', record: true, timeLimitSeconds: 14_400 },
  )
  const form = new URLSearchParams(placeCallForm(request))
  expect([form.get('StreamBegin'), form.get('Record'), form.get('TimeLimit')]).toEqual([
    'Leg1Connect',
    'true',
    '14400',
  ])
})
