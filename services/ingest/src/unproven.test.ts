import { manualClock } from '@callwire/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createUnproven } from './unproven.ts'

/** Asks for a place; what came of it shows once promises have run. */
function asker(unproven: ReturnType<typeof createUnproven>) {
  return (client: string) => {
    const asked: { answer: boolean | null } = { answer: null }
    void unproven.enter(client).then((answer) => (asked.answer = answer))
    return asked
  }
}
const settle = async () => {
  for (let i = 0; i < 8; i += 1) await Promise.resolve()
}

test('the 65th waits for its turn, in order, and for two seconds', async () => {
  const clock = manualClock()
  const unproven = createUnproven({ clock })
  const ask = asker(unproven)
  const first = Array.from({ length: 64 }, () => ask('a'))
  const late = [ask('a'), ask('a'), ask('a')]
  const other = ask('b')
  await settle()
  expect([...first, other].every(({ answer }) => answer === true)).toBe(true)
  expect(late.map(({ answer }) => answer)).toEqual([null, null, null])
  unproven.leave('a')
  await settle()
  expect(late.map(({ answer }) => answer)).toEqual([true, null, null])
  await clock.advance(2_000)
  await settle()
  expect(late.map(({ answer }) => answer)).toEqual([true, false, false])
})

test('more than 256 do not wait', async () => {
  const ask = asker(createUnproven({ clock: manualClock() }))
  const all = Array.from({ length: 64 + 257 }, () => ask('a'))
  await settle()
  expect(all.slice(-2).map(({ answer }) => answer)).toEqual([null, false])
})

test('no client has more places than it may, and every place is used again', async () => {
  const step = fc.constantFrom('enter', 'enter', 'enter', 'leave', 'wait')
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120, size: 'max' }), async (steps) => {
      const clock = manualClock()
      const unproven = createUnproven({ clock })
      const ask = asker(unproven)
      const asked = Array.from({ length: 64 }, () => ask('a'))
      let left = 0
      for (const one of steps) {
        await settle()
        const inside = asked.filter(({ answer }) => answer === true).length - left
        expect(inside).toBeLessThanOrEqual(64)
        const waits = asked.some(({ answer }) => answer === null)
        if (waits) expect(inside).toBe(64)
        if (one === 'enter') asked.push(ask('a'))
        if (one === 'wait') await clock.advance(500)
        if (one === 'leave' && inside > 0) {
          unproven.leave('a')
          left += 1
        }
      }
    }),
    { numRuns: 50 },
  )
})
