import { expect, test } from 'vitest'
import { createAcknowledger } from './acknowledge.ts'
import { createWordsProgress, PRE_ROLL_MS, QUIET_MS } from './words-progress.ts'

/** Ten minutes of a call in entries of 100 ms, all read. */
function minutes() {
  const acknowledger = createAcknowledger({ ackedId: '0-0', ackedMs: 0 })
  for (let i = 1; i <= 6_000; i += 1) acknowledger.read(`${String(i)}-0`, i * 100)
  const progress = createWordsProgress(acknowledger.mark(), 0)
  return { progress, ackedMs: () => acknowledger.position().ackedMs }
}

test('a final frees what lies before it by more than is heard again', () => {
  const { progress, ackedMs } = minutes()
  expect(progress.positionAfter(10_000, null).ackedMs).toBe(10_000 - PRE_ROLL_MS)
  expect(ackedMs()).toBe(0)
  progress.final(10_000, null)
  expect(ackedMs()).toBe(10_000 - PRE_ROLL_MS)
})

test('an utterance under way, and a gap not yet written, are kept from their beginning', () => {
  const { progress, ackedMs } = minutes()
  expect(progress.positionAfter(30_000, 12_000).ackedMs).toBe(12_000 - PRE_ROLL_MS)
  progress.final(30_000, 12_000)
  expect(ackedMs()).toBe(10_000)
  progress.open(null)
  progress.holdFrom(20_000)
  progress.final(40_000, null)
  expect(ackedMs()).toBe(18_000)
  progress.holdFrom(null)
  progress.final(40_000, null)
  expect(ackedMs()).toBe(38_000)
})

test('silence is done with once a provider has had it for long enough', () => {
  const { progress, ackedMs } = minutes()
  progress.given(60_000, 0)
  progress.given(70_000, 10_000)
  expect(ackedMs()).toBe(0)
  progress.given(90_000, QUIET_MS)
  expect(ackedMs()).toBe(58_000)
  progress.given(100_000, QUIET_MS + 9_999)
  expect(ackedMs()).toBe(58_000)
  progress.given(100_000, QUIET_MS + 10_000)
  expect(ackedMs()).toBe(68_000)
})

test.each([
  ['an utterance is under way', (p: ReturnType<typeof minutes>['progress']) => p.open(55_000)],
  ['something is being written', (p: ReturnType<typeof minutes>['progress']) => p.isBusy(true)],
  ['a gap is not yet written', (p: ReturnType<typeof minutes>['progress']) => p.holdFrom(59_000)],
])('but not while %s', (_what, happen) => {
  const { progress, ackedMs } = minutes()
  progress.given(60_000, 0)
  happen(progress)
  progress.given(60_000, QUIET_MS)
  expect(ackedMs()).toBe(0)
})

test('another connection has to be given it anew', () => {
  const { progress, ackedMs } = minutes()
  progress.given(60_000, 0)
  // The connection is gone, and with it what it might have said.
  progress.given(0, 20_000)
  progress.given(0, QUIET_MS)
  expect(ackedMs()).toBe(0)
  progress.given(60_000, 35_000)
  progress.given(90_000, 35_000 + QUIET_MS - 1)
  expect(ackedMs()).toBe(0)
  progress.given(90_000, 35_000 + QUIET_MS)
  expect(ackedMs()).toBe(58_000)
})
