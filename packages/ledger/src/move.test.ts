import { callStatuses, rankOf, type CallStatus } from '@callwire/contracts'
import { describe, expect, test } from 'vitest'
import { mayChange, momentsOf, type Exception } from './move.ts'

const plain = (status: CallStatus, reasonCode: string | null = null) => ({ status, reasonCode })

test('without an exception, exactly the moves up in rank are allowed', () => {
  for (const from of callStatuses) {
    for (const to of callStatuses) {
      const allowed = mayChange(plain(from), plain(to))
      expect([from, to, allowed]).toEqual([from, to, rankOf(to) > rankOf(from)])
    }
  }
})

test.each<[Exception, CallStatus, string | null, CallStatus, string | null, boolean]>([
  ['requeue', 'dialing', null, 'queued', null, true],
  ['requeue', 'dialing', null, 'queued', 'rate_limited', true],
  ['requeue', 'unknown', null, 'queued', null, false],
  ['requeue', 'ringing', null, 'queued', null, false],
  ['requeue', 'queued', null, 'queued', null, false],
  ['requeue', 'failed', 'not_placed', 'queued', null, false],
  ['requeue', 'dialing', null, 'failed', null, false],
  ['reopen', 'failed', 'not_placed', 'ringing', null, true],
  ['reopen', 'failed', 'not_placed', 'completed', null, true],
  ['reopen', 'failed', 'not_placed', 'queued', null, false],
  ['reopen', 'failed', 'not_placed', 'failed', null, false],
  ['reopen', 'failed', 'provider_auth', 'ringing', null, false],
  ['reopen', 'failed', null, 'ringing', null, false],
  ['reopen', 'completed', 'not_placed', 'ringing', null, false],
  ['take_back', 'ringing', null, 'unknown', 'needs_review', true],
  ['take_back', 'ringing', null, 'unknown', 'outcome_unknown', false],
  ['take_back', 'in-progress', null, 'unknown', 'needs_review', false],
  ['take_back', 'completed', null, 'unknown', 'needs_review', false],
  ['annotate', 'queued', null, 'queued', 'paused', true],
  ['annotate', 'queued', 'paused', 'queued', 'waiting_for_budget', true],
  ['annotate', 'queued', 'paused', 'queued', 'paused', false],
  ['annotate', 'unknown', null, 'unknown', 'needs_review', true],
  ['annotate', 'queued', null, 'dialing', 'paused', false],
  ['annotate', 'failed', 'not_placed', 'failed', 'other', false],
])('%s: %s (%s) → %s (%s) is %s', (exception, from, had, to, reason, allowed) => {
  expect(mayChange(plain(from, had), plain(to, reason), exception)).toBe(allowed)
})

describe('moments', () => {
  const at = new Date(1_000)
  const before = new Date(500)
  const none = {
    dialingAt: null,
    dialedAt: null,
    unknownAt: null,
    answeredAt: null,
    endedAt: null,
  }
  const outbound = { ...none, direction: 'outbound' as const }
  const inbound = { ...none, direction: 'inbound' as const }

  test.each([
    ['the dial', outbound, 'dialing', { dialingAt: at, endedAt: null }],
    ['a dial taken back', outbound, 'queued', { dialingAt: null }],
    ['ringing', outbound, 'ringing', { dialedAt: at, endedAt: null }],
    [
      'an answer as the first news',
      outbound,
      'in-progress',
      { dialedAt: at, answeredAt: at, endedAt: null },
    ],
    [
      'what is known stays',
      { ...outbound, dialedAt: before, answeredAt: before },
      'in-progress',
      { dialedAt: before, answeredAt: before, endedAt: null },
    ],
    ['an inbound call is never dialed', inbound, 'in-progress', { answeredAt: at, endedAt: null }],
    ['an end', { ...outbound, dialedAt: before }, 'completed', { dialedAt: before, endedAt: at }],
    ['a failure says nothing of a dial', outbound, 'failed', { endedAt: at }],
    ['nor does a cancel', outbound, 'canceled', { endedAt: at }],
    ['the doubt', outbound, 'unknown', { unknownAt: at, endedAt: null }],
  ] as const)('%s', (_name, call, status, moments) => {
    expect(momentsOf(call, status, at)).toEqual(moments)
  })
})
