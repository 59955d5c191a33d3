import { expect, test } from 'vitest'
import { planMessages, type FoundFact } from './plan-messages.ts'

const bounds = { callsAtOnce: 3, factsAtOnce: 2 }
const fact = (callId: string, head: number, seq: number | null): FoundFact => ({
  callId,
  head,
  seq,
  type: seq === null ? null : 'call.status',
})

test('each fact is a message, and each call has been told up to its head', () => {
  expect(planMessages([fact('a', 9, 4), fact('b', 2, null)], bounds)).toEqual({
    messages: [{ callId: 'a', seq: 4, type: 'call.status' }],
    places: [
      { callId: 'a', seq: 9 },
      { callId: 'b', seq: 2 },
    ],
    more: false,
  })
})

test('a call with more facts than fit is told as far as they reach, and looked at again', () => {
  const plan = planMessages([fact('a', 9, 4), fact('a', 9, 6), fact('b', 3, 3)], bounds)
  expect(plan.places).toEqual([
    { callId: 'a', seq: 6 },
    { callId: 'b', seq: 3 },
  ])
  expect(plan.more).toBe(true)
})

test('as many calls as fit may not be all', () => {
  const calls = ['a', 'b', 'c'].map((callId) => fact(callId, 1, null))
  expect(planMessages(calls, bounds).more).toBe(true)
  expect(planMessages(calls.slice(1), bounds).more).toBe(false)
  expect(planMessages([], bounds)).toEqual({ messages: [], places: [], more: false })
})
