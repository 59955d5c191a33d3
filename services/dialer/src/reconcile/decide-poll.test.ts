import { expect, test } from 'vitest'
import { decidePoll } from './decide-poll.ts'

const hour = 3_600_000

test.each([
  ['its end', 'completed', 60_000, null, 'apply'],
  ['its end, years late', 'busy', 9_999 * hour, null, 'apply'],
  ['alive', 'in-progress', 60_000, null, 'apply'],
  ['nothing', null, 60_000, null, 'wait'],
  ['alive past every limit', 'in-progress', 5 * hour, null, 'give_up'],
  ['nothing past every limit', null, 5 * hour, null, 'give_up'],
  ['nothing past its own limit', null, hour + 60_000, 60, 'give_up'],
  ['alive within its own limit', 'in-progress', hour, 60, 'apply'],
] as const)('Exotel tells %s', (_title, status, ageMs, timeLimitSeconds, expected) => {
  expect(decidePoll({ status, ageMs, timeLimitSeconds }).kind).toBe(expected)
})
