import { describe, expect, test } from 'vitest'
import { busiest, judge, type Verdict } from './check.ts'
import type { Order } from './customers.ts'
import type { Moment, Ours } from './ours.ts'
import { truthOf } from './truth.ts'

const at = (seconds: number): string => new Date(1_790_000_000_000 + seconds * 1000).toISOString()
const lines = (...entries: object[]): string => entries.map((one) => JSON.stringify(one)).join('\n')

const placed = (callId: string, o: { sid?: string; to?: string } = {}) => ({
  ...{ at: at(1), kind: 'placed', accountSid: 'acme1', callSid: o.sid ?? `sid-${callId}` },
  ...{ mode: 'flow', from: o.to ?? `+9198${callId}`, to: '+918047112233', customField: callId },
})
const ended = (callId: string, status: string, sid = `sid-${callId}`) => ({
  ...{ at: at(2), kind: 'ended', accountSid: 'acme1', callSid: sid, status },
})
const order = (callId: string, change: Partial<Order> = {}): Order => ({
  ...{ callId, tenantId: 'ten_1', number: `+9198${callId}`, acceptedAtMs: 0 },
  ...{ ids: [callId], canceled: false, ...change },
})
const history = (...statuses: string[]): Moment[] =>
  statuses.map((status) => ({ status, reasonCode: null, atMs: 0 }))
const ours = (callId: string, status: string, change: Partial<Ours> = {}): Ours => ({
  ...{ callId, status, reasonCode: null, sid: `sid-${callId}` },
  ...{ history: history('queued', 'dialing', status), ...change },
})

/** A run in which nothing went wrong: one call that was spoken, one canceled, one refused. */
const good = {
  log: [placed('a'), ended('a', 'completed')],
  orders: [order('a'), order('b', { canceled: true }), order('c')],
  ours: [
    ours('a', 'completed'),
    ours('b', 'canceled', { sid: null, reasonCode: 'canceled' }),
    ours('c', 'failed', { sid: null, reasonCode: 'not_placed' }),
  ],
}
type Run = { log: object[]; orders: Order[]; ours: Ours[] }
const verdictOf = (run: Run) => judge(run.orders, truthOf(lines(...run.log)), run.ours)

test('a run in which everything was kept', () => {
  expect(verdictOf(good)).toEqual<Verdict>({
    ...{ placedPerCall: 1, placedPerPerson: 1, repeated: [], unasked: [], placedAfterCancel: [] },
    ...{ doubleOrders: [], lost: [], unresolved: [], wrong: [], ended: 3, placed: 1 },
    notPlaced: new Map([
      ['canceled', 1],
      ['not_placed', 1],
    ]),
  })
})

describe('sees', () => {
  const cases: [what: string, run: Partial<Run>, seen: Partial<Verdict>][] = [
    [
      'a call that was placed twice',
      { log: [...good.log, placed('a', { sid: 'other' })] },
      { placedPerCall: 2, placedPerPerson: 2, repeated: ['a'] },
    ],
    [
      'a person who was phoned twice under two calls',
      { log: [...good.log, placed('c', { to: '+9198a' })] },
      { placedPerCall: 1, placedPerPerson: 2, wrong: ['c'] },
    ],
    ['a call that nobody ordered', { log: [...good.log, placed('z')] }, { unasked: ['z'] }],
    [
      'a call that was placed though it was canceled',
      { log: [...good.log, placed('b')] },
      { placedAfterCancel: ['b'], wrong: ['b'] },
    ],
    [
      'an order that became two calls',
      { orders: [order('a', { ids: ['a', 'b'] })] },
      { doubleOrders: ['a'] },
    ],
    ['a call that is nowhere', { ours: good.ours.slice(1) }, { lost: ['a'] }],
    [
      'a call that was given up without a reason',
      { ours: [...good.ours.slice(0, 2), ours('c', 'failed', { sid: null })] },
      { lost: ['c'] },
    ],
    ...['queued', 'dialing', 'unknown', 'ringing', 'in-progress'].map(
      (status): [string, Partial<Run>, Partial<Verdict>] => [
        `a call that is still ${status}`,
        { ours: [ours('a', status), ...good.ours.slice(1)] },
        { unresolved: ['a'] },
      ],
    ),
    [
      'another end than the provider’s',
      { ours: [ours('a', 'no-answer'), ...good.ours.slice(1)] },
      { wrong: ['a'] },
    ],
    [
      'a call that we gave up and the provider placed',
      {
        ours: [ours('a', 'failed', { sid: null, reasonCode: 'not_placed' }), ...good.ours.slice(1)],
      },
      { wrong: ['a'] },
    ],
    [
      'a call that ended though it was never placed',
      { ours: [...good.ours.slice(0, 2), ours('c', 'completed')] },
      { wrong: ['c'] },
    ],
    [
      'another call’s sid',
      { ours: [ours('a', 'completed', { sid: 'other' }), ...good.ours.slice(1)] },
      { wrong: ['a'] },
    ],
    [
      'a ledger that says something else',
      {
        ours: [
          ours('a', 'completed', { history: history('queued', 'dialing') }),
          ...good.ours.slice(1),
        ],
      },
      { wrong: ['a'] },
    ],
    ['a call that the provider has not ended', { log: [placed('a')] }, { wrong: ['a'] }],
  ]
  test.each(cases)('%s', (_what, run, seen) => {
    expect(verdictOf({ ...good, ...run })).toMatchObject(seen)
  })
})

test('the other end of a bridged call is its second number', () => {
  const bridged = { ...placed('a'), mode: 'two-numbers', from: '+911', to: '+9198a' }
  const again = { ...placed('c'), mode: 'two-numbers', from: '+911', to: '+9198c' }
  expect(judge([], truthOf(lines(bridged, again)), []).placedPerPerson).toBe(1)
})

test('a line of the provider’s log that is not understood is an error', () => {
  expect(() => truthOf(lines(...good.log, { at: at(3), kind: 'teleported' }))).toThrow()
  expect(() => truthOf('{"at":')).toThrow()
})

test('the busiest minute of an account counts what places calls once, and what reads', () => {
  const request = { customField: 'a', port: 1 }
  const truth = truthOf(
    lines(
      { at: at(0), kind: 'asked', accountSid: 'acme1', ...request },
      { at: at(0), kind: 'request', accountSid: 'acme1', method: 'POST' },
      { at: at(30), kind: 'request', accountSid: 'acme1', method: 'GET' },
      { at: at(59), kind: 'request', accountSid: 'other', method: 'GET' },
      { at: at(60), kind: 'asked', accountSid: 'acme1', ...request },
    ),
  )
  expect(busiest(truth.requests, 60_000)).toBe(2)
  expect(busiest(truth.requests, 60_001)).toBe(3)
  expect(busiest(new Map(), 60_000)).toBe(0)
})
