import { expect, test } from 'vitest'
import { createKeyPatience } from './key-patience.ts'

function waiting() {
  let nowMs = 0
  const patience = createKeyPatience({ monotonicMs: () => nowMs }, 120_000)
  const at = (ms: number, callId = 'a') => {
    nowMs = ms
    return patience.isOver(callId)
  }
  return { at, forget: (callId: string) => patience.forget(callId) }
}

test('is over when every try for so long has failed', () => {
  const { at } = waiting()
  expect([0, 50_000, 100_000, 119_999, 120_000].map((ms) => at(ms))).toEqual([
    ...[false, false, false, false, true],
  ])
  expect(at(120_000, 'b')).toBe(false)
})

test('begins anew once the key has opened, here or at another process', () => {
  const { at, forget } = waiting()
  at(0)
  at(50_000)
  forget('a')
  expect(at(120_000)).toBe(false)
  const other = waiting()
  other.at(0)
  other.at(50_000)
  expect(other.at(120_000)).toBe(false)
})
