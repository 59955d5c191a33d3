import { expect, test } from 'vitest'
import { holdMsOf } from './hold-ms.ts'

test.each([
  ['that is not there', null, 15_000],
  ['of a moment', 0, 0],
  ['in the past', -5, 0],
  ['of a minute', 60_000, 60_000],
  ['of more than a quarter of an hour', 1_800_000, 1_800_000],
  ['of an hour', 3_600_000, 3_600_000],
  ['of a day', 86_400_000, 3_600_000],
])('a Retry-After %s', (_, retryAfterMs, holdMs) => {
  expect(holdMsOf(retryAfterMs)).toBe(holdMs)
})
