import { expect, test } from 'vitest'
import { decideDial, type DialCheck } from './decide-dial.ts'

const ready: DialCheck = {
  status: 'queued',
  direction: 'outbound',
  due: true,
  hasSid: false,
  paused: false,
  hasPhone: true,
  hasAgent: true,
  hasCredentials: true,
  breaker: null,
}

const rows: [title: string, over: Partial<DialCheck>, expected: string][] = [
  ['ready', {}, 'dial'],
  ['being dialed', { status: 'dialing' }, 'skip'],
  ['of unknown outcome', { status: 'unknown' }, 'skip'],
  ['canceled', { status: 'canceled' }, 'skip'],
  ['inbound', { direction: 'inbound' }, 'skip'],
  ['not due', { due: false }, 'skip'],
  ['known to Exotel already', { hasSid: true }, 'skip'],
  ['paused', { paused: true, breaker: 'provider_auth' }, 'paused'],
  ['without phone', { hasPhone: false }, 'not_found'],
  ['without agent', { hasAgent: false }, 'no_agent_assigned'],
  ['without credentials', { hasCredentials: false }, 'no_credentials'],
  ['behind an open breaker', { breaker: 'provider_auth' }, 'provider_auth'],
  ['behind a breaker of 403s', { breaker: 'provider_forbidden' }, 'provider_forbidden'],
]

test.each(rows)('a call that is %s', (_title, over, expected) => {
  const decision = decideDial({ ...ready, ...over })
  expect(decision.kind === 'fail' ? decision.reason.code : decision.kind).toBe(expected)
})
