import { expect, test } from 'vitest'
import { MAX_ATTEMPTS } from './back-off.ts'
import { decideOutcome, FAILING_FOR_MS, type Attempted } from './decide-outcome.ts'

const random = () => Buffer.alloc(4, 0)
const nowMs = Date.parse('2026-01-02T03:04:05Z')
const usual = { attempts: 1, failingSinceMs: null, nowMs, random }
const answered = (status: number, retryAfter: string | null = null): Attempted => ({
  kind: 'answered',
  status,
  retryAfter,
})

test.each([200, 201, 202, 204, 299])('%i delivers', (status) => {
  expect(decideOutcome(answered(status), usual)).toEqual({
    delivery: { state: 'delivered' },
    status,
    error: null,
    endpoint: 'works',
    disable: null,
  })
})

test.each([
  [301, 'redirected'],
  [302, 'redirected'],
  [304, 'redirected'],
  [308, 'redirected'],
  [400, 'http_status'],
  [401, 'http_status'],
  [404, 'http_status'],
  [429, 'http_status'],
  [500, 'http_status'],
  [503, 'http_status'],
])('%i is tried again, as %s', (status, error) => {
  expect(decideOutcome(answered(status), usual)).toEqual({
    delivery: { state: 'retry', waitMs: 5_000 },
    status,
    error,
    endpoint: 'fails',
    disable: null,
  })
})

test.each<Attempted>([
  { kind: 'failed', error: 'timeout' },
  { kind: 'failed', error: 'address_forbidden' },
  { kind: 'failed', error: 'dns_failed' },
  { kind: 'not_sent', error: 'url_invalid' },
  { kind: 'not_sent', error: 'secret_unreadable' },
])('without an answer it is tried again, and says why: %j', (attempted) => {
  expect(decideOutcome(attempted, usual)).toMatchObject({
    delivery: { state: 'retry', waitMs: 5_000 },
    status: null,
    error: 'error' in attempted ? attempted.error : '',
    disable: null,
  })
})

test('Retry-After lengthens the wait', () => {
  expect(decideOutcome(answered(429, '90'), usual).delivery).toEqual({
    state: 'retry',
    waitMs: 90_000,
  })
})

test('the last attempt leaves it dead, with what was wrong', () => {
  const last = { ...usual, attempts: MAX_ATTEMPTS }
  expect(decideOutcome(answered(500), last)).toEqual({
    delivery: { state: 'dead' },
    status: 500,
    error: 'http_status',
    endpoint: 'fails',
    disable: null,
  })
  expect(decideOutcome(answered(200), last).delivery).toEqual({ state: 'delivered' })
})

test('410 ends the message and turns the endpoint off at once', () => {
  expect(decideOutcome(answered(410), usual)).toEqual({
    delivery: { state: 'dead' },
    status: 410,
    error: 'gone',
    endpoint: 'fails',
    disable: 'gone',
  })
})

test.each([
  ['five days of nothing', { failingSinceMs: nowMs - FAILING_FOR_MS, attempts: 3 }, 'failing'],
  ['a moment less', { failingSinceMs: nowMs - FAILING_FOR_MS + 1, attempts: 3 }, null],
  // Rarely told anything: its host may have been up for days since the last failure.
  ['a first failure after a long silence', { failingSinceMs: 0, attempts: 1 }, null],
  ['an endpoint that works', { failingSinceMs: null, attempts: 9 }, null],
])('after %s', (_what, over, disable) => {
  expect(decideOutcome(answered(500), { ...usual, ...over }).disable).toBe(disable)
  expect(decideOutcome(answered(200), { ...usual, ...over }).disable).toBeNull()
})

test('a fault of ours says nothing of the endpoint', () => {
  const long = { ...usual, attempts: 5, failingSinceMs: 0 }
  expect(decideOutcome({ kind: 'not_sent', error: 'secret_unreadable' }, long)).toMatchObject({
    delivery: { state: 'retry' },
    endpoint: 'untried',
    disable: null,
  })
  expect(decideOutcome({ kind: 'not_sent', error: 'subject_gone' }, long)).toEqual({
    delivery: { state: 'dead' },
    status: null,
    error: 'subject_gone',
    endpoint: 'untried',
    disable: null,
  })
})
