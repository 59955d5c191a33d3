import { expect, test } from 'vitest'
import { NEW_TAIL_MS, unsaidOf } from './unsaid.ts'

const agent = (startMs: number, endMs: number) => ({
  ...{ startMs, endMs, speaker: 'agent' },
  text: 'x',
})
const said = { finals: [agent(2_000, 5_000)], gaps: [] }

test.each([
  ['the same again', agent(2_000, 5_000), false],
  ['its tail, heard from the middle', agent(4_200, 5_000), false],
  ['its tail, ending a little later', agent(4_700, 5_030), false],
  ['all of it, ending just too soon for a word', agent(2_000, 5_000 + NEW_TAIL_MS - 1), false],
  ['all of it and a short word', agent(2_000, 5_000 + NEW_TAIL_MS), true],
  ['a short word with little of it', agent(4_900, 5_150), true],
  ['its tail joined with what follows', agent(3_000, 9_000), true],
  ['the next utterance, which begins in it', agent(4_900, 7_000), true],
  ['what came before', agent(500, 2_000), true],
  ['another speaker’s words in the same moment', { ...agent(4_000, 5_000), speaker: 'b' }, true],
  ['words of nobody in particular', { startMs: 4_000, endMs: 5_000, text: 'x' }, true],
])('after a final from 2 s to 5 s without word times, %s: %j → %s', (_what, heard, isNew) => {
  const { text, startMs, endMs } = heard
  expect(unsaidOf(said, heard)).toEqual(isNew ? { text, startMs, endMs } : null)
})

const word = (text: string, startMs: number, endMs: number) => ({ text, startMs, endMs })
const answer = [word('is', 4_200, 4_500), word('right', 4_600, 5_020), word('yes', 5_060, 5_200)]
const heard = { startMs: 4_200, endMs: 5_200, speaker: 'agent', text: 'Is right, yes.' }

test('of words with times those behind what was said are kept, however short', () => {
  expect(unsaidOf(said, { ...heard, words: answer })).toEqual(word('yes', 5_060, 5_200))
  expect(unsaidOf(said, { ...heard, words: answer.slice(0, 2) })).toBeNull()
})

test('what is new to its last word is kept as it was written', () => {
  const after = { finals: [agent(1_000, 4_200)], gaps: [] }
  expect(unsaidOf(after, { ...heard, words: answer })).toMatchObject({ text: heard.text })
  const before = { finals: [agent(3_000, 4_300)], gaps: [] }
  expect(unsaidOf(before, { ...heard, words: answer })).toMatchObject({ text: heard.text })
})

test('a word that was named as missing stays so, whoever said it', () => {
  const missing = { finals: [], gaps: [{ startMs: 3_000, endMs: 4_500 }] }
  expect(unsaidOf(missing, { ...heard, words: answer })).toEqual(word('right yes', 4_600, 5_200))
  expect(unsaidOf(missing, heard)).toMatchObject({ text: heard.text })
})
