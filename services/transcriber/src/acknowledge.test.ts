import { expect, test } from 'vitest'
import { createAcknowledger } from './acknowledge.ts'

const start = { ackedId: '0-0', ackedMs: 0 }
const read = (count: number) => {
  const acknowledger = createAcknowledger(start)
  for (let i = 1; i <= count; i += 1) acknowledger.read(`${String(i)}-0`, i * 100)
  return acknowledger
}

test('only audio that ends before the mark may go', () => {
  const acknowledger = read(3)
  const mark = acknowledger.mark()
  mark.moveTo(50)
  expect(acknowledger.position()).toEqual(start)
  mark.moveTo(250)
  expect(acknowledger.position()).toEqual({ ackedId: '2-0', ackedMs: 200 })
  mark.moveTo(100)
  expect(acknowledger.position()).toEqual({ ackedId: '2-0', ackedMs: 200 })
  mark.moveTo(1_000)
  expect(acknowledger.position()).toEqual({ ackedId: '3-0', ackedMs: 300 })
  expect(acknowledger.waitingMs()).toBe(0)
})

test('the slowest mark decides, until it is released', () => {
  const acknowledger = read(3)
  const [words, recorded] = [acknowledger.mark(), acknowledger.mark()]
  words.moveTo(300)
  expect(acknowledger.position()).toEqual(start)
  recorded.moveTo(100)
  expect(acknowledger.position()).toEqual({ ackedId: '1-0', ackedMs: 100 })
  expect(acknowledger.waitingMs()).toBe(200)
  recorded.release()
  expect(acknowledger.position()).toEqual({ ackedId: '3-0', ackedMs: 300 })
})

test('nobody’s mark acknowledges nothing, and the last one’s release neither', () => {
  const acknowledger = read(2)
  expect(acknowledger.position()).toEqual(start)
  const mark = acknowledger.mark()
  mark.release()
  expect(acknowledger.position()).toEqual(start)
})

test('where a mark would lead is told without moving it', () => {
  const acknowledger = read(3)
  const [words, recorded] = [acknowledger.mark(), acknowledger.mark()]
  recorded.moveTo(200)
  expect(words.positionAt(300)).toEqual({ ackedId: '2-0', ackedMs: 200 })
  expect(words.positionAt(150)).toEqual({ ackedId: '1-0', ackedMs: 100 })
  expect(acknowledger.position()).toEqual(start)
})

test('a stream made anew is acknowledged by its own ids, and its clock goes on', () => {
  const acknowledger = read(3)
  const mark = acknowledger.mark()
  mark.moveTo(200)
  acknowledger.restart()
  expect(acknowledger.position()).toEqual({ ackedId: '0-0', ackedMs: 200 })
  acknowledger.read('1-5', 400)
  expect(acknowledger.position()).toEqual({ ackedId: '0-0', ackedMs: 200 })
  mark.moveTo(400)
  expect(acknowledger.position()).toEqual({ ackedId: '1-5', ackedMs: 400 })
})
