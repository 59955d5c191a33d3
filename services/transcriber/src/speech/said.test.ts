import { expect, test } from 'vitest'
import { createSaid } from './said.ts'

const agent = (startMs: number, endMs: number) => ({ startMs, endMs, speaker: 'agent' })

test.each([
  ['the same again', agent(2_000, 5_000), true],
  ['its tail, heard from the middle', agent(4_200, 5_000), true],
  ['its tail, ending a little later', agent(4_700, 5_030), true],
  ['the next utterance, which begins in it', agent(4_900, 7_000), false],
  ['what came before', agent(500, 2_000), false],
  ['another speaker’s words in the same moment', { ...agent(4_000, 5_000), speaker: 'b' }, false],
  ['words of nobody in particular', { startMs: 4_000, endMs: 5_000 }, false],
])('after a final from 2 s to 5 s, %s: %j → %s', (_what, heard, expected) => {
  const said = createSaid()
  said.final(agent(2_000, 5_000))
  expect(said.hasFinal(heard)).toBe(expected)
})

test('a loss is told when a whole gap holds it', () => {
  const said = createSaid()
  said.gap({ startMs: 100, endMs: 400 })
  expect(said.hasGap({ startMs: 100, endMs: 200 })).toBe(true)
  expect(said.hasGap({ startMs: 300, endMs: 500 })).toBe(false)
  expect(said.hasFinal({ startMs: 100, endMs: 400 })).toBe(false)
})
