import { expect, test } from 'vitest'
import { talkOf } from './talk.ts'

test.each([
  { name: 'nobody', turns: [], clockMs: 5_000, speakers: [], silenceMs: 5_000, overlapMs: 0 },
  {
    name: 'in turn',
    turns: [
      { speaker: 'agent', startMs: 0, endMs: 1_000 },
      { speaker: 'customer', startMs: 2_000, endMs: 2_500 },
    ],
    clockMs: 4_000,
    speakers: [
      { speaker: 'agent', talkMs: 1_000 },
      { speaker: 'customer', talkMs: 500 },
    ],
    silenceMs: 2_500,
    overlapMs: 0,
  },
  {
    name: 'at once',
    turns: [
      { speaker: 'agent', startMs: 0, endMs: 1_000 },
      { speaker: 'customer', startMs: 600, endMs: 1_600 },
    ],
    clockMs: 1_600,
    speakers: [
      { speaker: 'agent', talkMs: 1_000 },
      { speaker: 'customer', talkMs: 1_000 },
    ],
    silenceMs: 0,
    overlapMs: 400,
  },
  {
    name: 'a turn inside a turn of the same speaker counts once',
    turns: [
      { speaker: 'agent', startMs: 0, endMs: 1_000 },
      { speaker: 'agent', startMs: 200, endMs: 300 },
    ],
    clockMs: 1_000,
    speakers: [{ speaker: 'agent', talkMs: 1_000 }],
    silenceMs: 0,
    overlapMs: 0,
  },
])('$name', ({ turns, clockMs, speakers, silenceMs, overlapMs }) => {
  expect(talkOf(turns, clockMs)).toEqual({ speakers, silenceMs, overlapMs })
})
