import { expect, test } from 'vitest'
import { createShortLine, SHORT_LINE } from './dial-queue.ts'

/** A line of which the test knows how long it is; each look is counted. */
function line(waiting: number) {
  const state = { waiting, looks: 0, nowMs: 0 }
  const look = () => {
    state.looks += 1
    return Promise.resolve(state.waiting)
  }
  const hasRoom = createShortLine(look, () => state.nowMs)
  const admitted = async (callers: number) =>
    (await Promise.all(Array.from({ length: callers }, hasRoom))).filter(Boolean).length
  return { state, admitted }
}

test('a burst adds as many as the line has room for, after one look', async () => {
  const { state, admitted } = line(SHORT_LINE - 3)
  expect(await admitted(1_000)).toBe(3)
  expect(await admitted(10)).toBe(0)
  expect(state.looks).toBe(1)
})

test('a long line takes nobody; once it is short again, the next look says so', async () => {
  const { state, admitted } = line(SHORT_LINE)
  expect(await admitted(5)).toBe(0)
  state.waiting = 0
  expect(await admitted(5)).toBe(0)
  state.nowMs += 25
  expect(await admitted(1_000)).toBe(SHORT_LINE)
  expect(state.looks).toBe(2)
})

test('a look that fails is everybody’s failure, and the next one is made anew', async () => {
  let answers = false
  let nowMs = 0
  const hasRoom = createShortLine(
    () => (answers ? Promise.resolve(0) : Promise.reject(new Error('away'))),
    () => nowMs,
  )
  const results = await Promise.allSettled([hasRoom(), hasRoom()])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  answers = true
  nowMs += 25
  expect(await hasRoom()).toBe(true)
})
