import { expect, test } from 'vitest'
import { rateLimited } from './answer.ts'

const now = Date.UTC(2026, 0, 2, 10, 0, 0)
const clock = { now: () => now, monotonicMs: () => 0, sleep: () => Promise.resolve() }

test.each([
  ['30', 30_000],
  ['0', 0],
  ['Fri, 02 Jan 2026 10:00:45 GMT', 45_000],
  ['Fri, 02 Jan 2026 09:00:00 GMT', null],
  ['999999', 3_600_000],
  ['-5', null],
  ['', null],
  [undefined, null],
])('Retry-After %j is a wait of %s ms', (retryAfter, retryAfterMs) => {
  const body = { kind: 'text', text: '' } as const
  const answered = { kind: 'answered', status: 429, retryAfter, body } as const
  expect(rateLimited(answered, clock)).toEqual({ kind: 'rate_limited', retryAfterMs })
})
