import fc from 'fast-check'
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
  mark.moveTo(0)
  acknowledger.read('4-0', 400)
  expect(acknowledger.position()).toEqual({ ackedId: '4-0', ackedMs: 400 })
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

test('nothing is acknowledged before every mark has passed it, and nothing twice', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('read' as const), ms: fc.nat(300) }),
    fc.record({ kind: fc.constant('move' as const), mark: fc.nat(2), ms: fc.nat(5_000) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const acknowledger = createAcknowledger(start)
      const marks = [0, 1, 2].map(() => ({ mark: acknowledger.mark(), ms: 0 }))
      const entries: { id: string; endMs: number }[] = []
      let before = acknowledger.position()
      for (const one of steps) {
        if (one.kind === 'read') {
          const endMs = (entries.at(-1)?.endMs ?? 0) + one.ms
          entries.push({ id: `${String(entries.length + 1)}-0`, endMs })
          acknowledger.read(`${String(entries.length)}-0`, endMs)
        } else {
          const moved = marks[one.mark]
          moved?.mark.moveTo(one.ms)
          if (moved !== undefined) moved.ms = Math.max(moved.ms, one.ms)
        }
        const limitMs = Math.min(...marks.map(({ ms }) => ms))
        const passed = entries.filter(({ endMs }) => endMs <= limitMs).at(-1)
        const position = acknowledger.position()
        expect(position).toEqual(
          passed === undefined ? start : { ackedId: passed.id, ackedMs: passed.endMs },
        )
        expect(position.ackedMs).toBeGreaterThanOrEqual(before.ackedMs)
        before = position
      }
    }),
  )
})
