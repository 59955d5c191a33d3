import { expect, test } from 'vitest'
import { decideDial, type DialCheck } from './decide-dial.ts'

const nowMs = Date.parse('2026-01-05T06:00:00Z')
const hour = 3_600_000

const ready: DialCheck = {
  status: 'queued',
  direction: 'outbound',
  due: true,
  hasSid: false,
  createdAtMs: nowMs - 1_000,
  scheduleAtMs: null,
  expireAfterMs: 24 * hour,
  nowMs,
  pause: null,
  hasPhone: true,
  agent: 'there',
  hasCredentials: true,
  breaker: null,
  neverCall: false,
  hours: { open: true },
}
const closedUntil = (opensAtMs: number | null): Partial<DialCheck> => ({
  hours: { open: false, opensAtMs, sentence: 'Too early there.' },
})
const expired = { createdAtMs: nowMs - 25 * hour }
const paused = { pause: { by: 'tenant' } } as const

const rows: [title: string, over: Partial<DialCheck>, expected: string][] = [
  ['ready', {}, 'dial'],
  ['being dialed', { status: 'dialing' }, 'skip'],
  ['of unknown outcome', { status: 'unknown' }, 'skip'],
  ['canceled', { status: 'canceled' }, 'skip'],
  ['inbound', { direction: 'inbound' }, 'skip'],
  ['not due', { due: false }, 'skip'],
  ['known to Exotel already', { hasSid: true }, 'skip'],
  ['too old', expired, 'fail expired'],
  ['too old while dialing is paused', { ...expired, ...paused }, 'fail expired'],
  ['old, of a tenant whose calls wait for ever', { ...expired, expireAfterMs: null }, 'dial'],
  ['old, and scheduled for now', { ...expired, scheduleAtMs: nowMs }, 'dial'],
  ['paused', { ...paused, breaker: 'provider_auth', neverCall: true }, 'hold paused'],
  ['without phone', { hasPhone: false }, 'fail not_found'],
  ['without agent', { agent: 'none' }, 'fail no_agent_assigned'],
  ['for an agent that was deleted', { agent: 'deleted' }, 'fail no_agent_assigned'],
  ['without credentials', { hasCredentials: false }, 'fail no_credentials'],
  ['behind an open breaker', { breaker: 'provider_auth' }, 'fail provider_auth'],
  ['behind a breaker of 403s', { breaker: 'provider_forbidden' }, 'fail provider_forbidden'],
  ['to somebody on the list', { neverCall: true }, 'fail never_call'],
  ['to somebody on the list, at night', { neverCall: true, ...closedUntil(1) }, 'fail never_call'],
  ['outside hours', closedUntil(nowMs + hour), 'hold outside_hours'],
]

test.each(rows)('a call that is %s', (_title, over, expected) => {
  const decision = decideDial({ ...ready, ...over })
  const code = 'reason' in decision ? ` ${decision.reason.code}` : ''
  expect(`${decision.kind}${code}`).toBe(expected)
})

test.each([
  ['none', 'No agent assigned to this phone number'],
  ['deleted', 'The agent this call was ordered for was deleted'],
] as const)('a call whose agent is %s says so', (agent, message) => {
  expect(decideDial({ ...ready, agent })).toEqual({
    kind: 'fail',
    reason: { code: 'no_agent_assigned', message },
  })
})

test.each([
  ['soon', nowMs + 60_000, 60_000],
  ['at a fraction of a ms', nowMs + 0.5, 1],
  ['tomorrow', nowMs + 20 * hour, 900_000],
  ['never', null, 900_000],
])('a person whose hours begin %s is looked at again in time', (_, opensAtMs, delayMs) => {
  expect(decideDial({ ...ready, ...closedUntil(opensAtMs) })).toEqual({
    kind: 'hold',
    reason: { code: 'outside_hours', message: 'Too early there.' },
    delayMs,
  })
})

test.each([
  [
    { by: 'tenant' } as const,
    'Dialing is paused for this tenant; the call goes on when somebody resumes it.',
  ],
  [
    { by: 'operator', words: null } as const,
    'The operator has paused dialing for everybody; the call goes on after that.',
  ],
  [
    { by: 'operator', words: 'Exotel is down' } as const,
    'The operator has paused dialing for everybody (Exotel is down); the call goes on after that.',
  ],
])('a pause by $by says whose it is, and needs no further look', (pause, message) => {
  expect(decideDial({ ...ready, pause })).toEqual({
    kind: 'hold',
    reason: { code: 'paused', message },
    delayMs: null,
  })
})
