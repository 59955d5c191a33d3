import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createUnproven } from './unproven.ts'

test('no client has more places than it may, whatever the others do', () => {
  const step = fc.record({ client: fc.constantFrom('a', 'b', 'c'), leaves: fc.boolean() })
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 4 }),
      (steps, most) => {
        const unproven = createUnproven(most)
        const held = new Map<string, number>()
        for (const { client, leaves } of steps) {
          const count = held.get(client) ?? 0
          if (leaves && count > 0) {
            unproven.leave(client)
            held.set(client, count - 1)
          } else if (!leaves) {
            expect(unproven.enter(client)).toBe(count < most)
            if (count < most) held.set(client, count + 1)
          }
        }
      },
    ),
  )
})
