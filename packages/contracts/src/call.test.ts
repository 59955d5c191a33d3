import fc from 'fast-check'
import { expect, test } from 'vitest'
import { callStatuses, canMove, isFinal, rankOf } from './call.ts'

const status = fc.constantFrom(...callStatuses)

test('whatever news come, in whatever order, a status never goes back and a final one stays', () => {
  fc.assert(
    fc.property(fc.array(status), (news) => {
      let now: (typeof callStatuses)[number] = 'queued'
      for (const next of news) {
        const before = now
        if (canMove(now, next)) now = next
        expect(rankOf(now)).toBeGreaterThanOrEqual(rankOf(before))
        if (isFinal(before)) expect(now).toBe(before)
      }
    }),
  )
})

test('the end does not depend on the order in which the news before it came', () => {
  const before = callStatuses.filter((one) => !isFinal(one))
  fc.assert(
    fc.property(fc.shuffledSubarray(before), (news) => {
      const end = [...news, 'completed' as const].reduce<(typeof callStatuses)[number]>(
        (now, next) => (canMove(now, next) ? next : now),
        'queued',
      )
      expect(end).toBe('completed')
    }),
  )
})
