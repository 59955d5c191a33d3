import type { ExotelCall } from '@callwire/exotel'
import { expect, test } from 'vitest'
import { matchesCall, type CallMarks } from './matches-call.ts'

const marks: CallMarks = {
  from: '+919876543210',
  to: null,
  phoneNumber: '+918047112233',
  createdFromMs: 1_000_000,
  createdToMs: 2_000_000,
}
const human: Partial<CallMarks> = { to: '+919811122233' }
const listed: ExotelCall = {
  sid: 's1',
  status: 'in-progress',
  from: '09876543210',
  to: '08047112233',
  phoneNumber: '08047112233',
  direction: 'outbound-api',
  createdAtMs: 1_500_000,
  startedAtMs: null,
  endedAtMs: null,
  durationSeconds: null,
  recordingUrl: null,
  legs: [],
}

test.each<[string, Partial<ExotelCall>, Partial<CallMarks>, boolean]>([
  ['the same numbers, 0-prefixed', {}, {}, true],
  ['somebody else rung first', { from: '09811122233' }, {}, false],
  ['another of our phones', { phoneNumber: '08047112234' }, {}, false],
  ['another second party, without a human agent', { to: '0999' }, {}, true],
  ['another second party, with a human agent', {}, human, false],
  ['the same second party', { to: '09811122233' }, human, true],
  ['a call that came in', { direction: 'inbound' }, {}, false],
  ['no direction', { direction: null }, {}, true],
  ['before the window', { createdAtMs: 999_999 }, {}, false],
  ['after the window', { createdAtMs: 2_000_001 }, {}, false],
  [
    'nothing but the Sid',
    { from: null, to: null, phoneNumber: null, createdAtMs: null },
    human,
    true,
  ],
  ['an unreadable number', { from: 'anonymous' }, {}, false],
])('%s', (_title, over, overMarks, expected) => {
  expect(matchesCall({ ...listed, ...over }, { ...marks, ...overMarks })).toBe(expected)
})
