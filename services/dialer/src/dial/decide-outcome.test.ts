import { describe, expect, test } from 'vitest'
import { decideOutcome, type AttemptOutcome, type OutcomeDecision } from './decide-outcome.ts'

const redirect = 'Exotel answered with a redirect, which is never followed.'

type Row = [title: string, outcome: AttemptOutcome, expected: Partial<OutcomeDecision> & object]

const refused = (httpStatus: number, message: string): AttemptOutcome => ({
  kind: 'rejected',
  code:
    httpStatus === 401
      ? 'provider_auth'
      : httpStatus === 403
        ? 'provider_forbidden'
        : 'provider_rejected',
  httpStatus,
  message,
})

const rows: Row[] = [
  ['2xx with a Sid', { kind: 'placed', sid: 's1' }, { kind: 'placed', sid: 's1' }],
  [
    '3xx',
    { kind: 'protocol_error', httpStatus: 302 },
    { kind: 'fail', reason: { code: 'provider_protocol_error', message: redirect } },
  ],
  [
    '401',
    refused(401, 'Authenticate'),
    {
      kind: 'fail',
      reason: { code: 'provider_auth', message: 'Invalid Exotel credentials' },
      credentials: 'refused',
    },
  ],
  [
    '403',
    refused(403, 'KYC incomplete'),
    {
      kind: 'fail',
      reason: { code: 'provider_forbidden', message: 'KYC incomplete' },
      credentials: 'refused',
    },
  ],
  ...[400, 402, 404, 409, 422].map<Row>((status) => [
    String(status),
    refused(status, 'No such thing'),
    {
      kind: 'fail',
      reason: { code: 'provider_rejected', message: 'No such thing' },
      credentials: 'accepted',
    },
  ]),
  [
    'a refusal without a sentence',
    refused(400, ' '),
    { reason: { code: 'provider_rejected', message: 'Exotel refused the call (400).' } },
  ],
  [
    '429 with Retry-After',
    { kind: 'rate_limited', retryAfterMs: 7_000 },
    {
      kind: 'requeue',
      delayMs: 7_500,
      reason: {
        code: 'waiting_for_budget',
        message: 'Exotel asked to slow down; next try in about 8 s.',
      },
    },
  ],
  [
    '429 without Retry-After',
    { kind: 'rate_limited', retryAfterMs: null },
    { kind: 'requeue', delayMs: 37_500 },
  ],
  [
    '429 with a long Retry-After',
    { kind: 'rate_limited', retryAfterMs: 1_800_000 },
    { kind: 'requeue', delayMs: 1_800_500 },
  ],
  [
    '429 with an absurd Retry-After',
    { kind: 'rate_limited', retryAfterMs: 1e12 },
    { kind: 'requeue', delayMs: 3_600_500 },
  ],
  [
    'no connection',
    { kind: 'not_sent', reason: 'connect_failed' },
    {
      kind: 'requeue',
      delayMs: 1_500,
      reason: {
        code: 'provider_unreachable',
        message: 'Exotel cannot be reached; next try in about 2 s.',
      },
    },
  ],
  [
    'the deadline passed',
    { kind: 'not_sent', reason: 'deadline' },
    {
      kind: 'requeue',
      delayMs: 500,
      reason: {
        code: 'dialer_delayed',
        message: 'The dialer was held up before it sent anything; it tries again.',
      },
    },
  ],
  ['a fault of ours before it', { kind: 'not_sent', reason: 'fault' }, { kind: 'requeue' }],
  [
    'a seal that does not open',
    { kind: 'seal_broken' },
    {
      kind: 'fail',
      reason: { code: 'credential_integrity', message: 'Invalid encrypted data format' },
      credentials: 'unjudged',
      page: true,
    },
  ],
  ...(['timeout', 'reset', 'server_error', 'request_timeout', 'unreadable'] as const).map<Row>(
    (reason) => [reason, { kind: 'unknown', reason }, { kind: 'unknown' }],
  ),
]

describe('what becomes of a call', () => {
  test.each(rows)('%s', (_title, outcome, expected) => {
    expect(decideOutcome(outcome, { attempt: 2, fraction: 0.5 })).toMatchObject(expected)
  })

  test('a host that stays away is asked ever less often, and at least once a minute', () => {
    const delays = [1, 2, 5, 20, 1_000].map((attempt) => {
      const decision = decideOutcome(
        { kind: 'not_sent', reason: 'connect_failed' },
        { attempt, fraction: 0.999 },
      )
      return decision.kind === 'requeue' ? decision.delayMs : NaN
    })
    expect(delays).toEqual([...delays].sort((a, b) => a - b))
    expect(Math.max(...delays)).toBeLessThanOrEqual(60_000)
  })

  test('only a 429 and an unwritten request go back to the queue', () => {
    const requeued = rows
      .filter(([, o]) => decideOutcome(o, { attempt: 1, fraction: 0 }).kind === 'requeue')
      .map(([, o]) => o.kind)
    expect(new Set(requeued)).toEqual(new Set(['rate_limited', 'not_sent']))
  })
})
