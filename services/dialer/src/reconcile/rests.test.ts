import { expect, test } from 'vitest'
import { createRests, createSilence, hostName } from './rests.ts'

function arrange() {
  const clock = { ms: 0, monotonicMs: () => clock.ms }
  return { clock, rests: createRests(clock) }
}

test('a call rests for as long as it was told, and only that call', () => {
  const { clock, rests } = arrange()
  rests.rest('a', 100)
  expect([rests.rests('a'), rests.rests('b')]).toEqual([true, false])
  clock.ms = 99
  expect(rests.rests('a')).toBe(true)
  clock.ms = 100
  expect(rests.rests('a')).toBe(false)
})

test('its memory is bounded, and is freed of what is over', () => {
  const { clock, rests } = arrange()
  for (let n = 0; n < 4_000; n += 1) rests.rest(`old${n}`, 100)
  rests.rest('one too many', 100)
  expect(rests.rests('one too many')).toBe(false)
  clock.ms = 100
  rests.rest('new', 100)
  expect(rests.rests('new')).toBe(true)
})

test('an account that does not answer rests ever longer, up to a bound, until it answers', () => {
  const clock = { ms: 0, monotonicMs: () => clock.ms }
  const silence = createSilence(clock)
  const account = { key: 'a', host: 'h' }
  const rests: number[] = []
  for (let n = 0; n < 8; n += 1) {
    silence.unanswered(account)
    rests.push(silence.restMs('a') / 1_000)
    clock.ms += silence.restMs('a')
    expect(silence.restMs('a')).toBe(0)
  }
  expect(rests).toEqual([1, 2, 4, 8, 16, 30, 30, 30])
  expect([silence.inARow('a'), silence.inARow(hostName('h'))]).toEqual([8, 8])
  silence.answered({ key: 'b', host: 'h' })
  expect([silence.inARow('a'), silence.inARow(hostName('h'))]).toEqual([8, 0])
  silence.answered(account)
  expect(silence.inARow('a')).toBe(0)
})
