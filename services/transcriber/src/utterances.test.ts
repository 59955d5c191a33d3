import { isId } from '@callwire/contracts'
import { expect, test } from 'vitest'
import { createUtterances } from './utterances.ts'

const callId = 'cal_0123456789abcdefghjkmnpq'
const spoken = (type: 'interim' | 'final', segment: string, startMs: number, connection = 1) =>
  ({ type, segment, startMs, endMs: startMs + 500, text: 'x', provider: 'p', connection }) as const

test('interims and their final are one utterance whose revision rises', () => {
  const utterances = createUtterances(callId, 1)
  const placed = [
    utterances.place(spoken('interim', 'a', 100)),
    utterances.place(spoken('interim', 'a', 100)),
    utterances.place(spoken('final', 'a', 100)),
  ]
  expect(new Set(placed.map((one) => one.utteranceId)).size).toBe(1)
  expect(placed.map((one) => one.rev)).toEqual([1, 2, 3])
  expect(isId('utterance', placed[0]?.utteranceId ?? '')).toBe(true)
})

test('a successor speaks of the same utterance, with higher revisions', () => {
  const first = createUtterances(callId, 1).place(spoken('interim', 'a', 100))
  const second = createUtterances(callId, 2).place(spoken('final', 'other', 100, 7))
  expect(second.utteranceId).toBe(first.utteranceId)
  expect(second.rev).toBeGreaterThan(first.rev)
})

test('the earliest utterance under way is known until it is final', () => {
  const utterances = createUtterances(callId, 1)
  expect(utterances.earliestOpenMs()).toBeNull()
  utterances.place(spoken('interim', 'a', 900))
  utterances.place(spoken('interim', 'b', 400))
  expect(utterances.earliestOpenMs()).toBe(400)
  utterances.place(spoken('final', 'b', 400))
  expect(utterances.earliestOpenMs()).toBe(900)
})
