import type { CallLeg } from '@callwire/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { legsOf, mergeLegs } from './legs.ts'

const leg = (over: Partial<CallLeg> = {}): CallLeg => ({
  status: null,
  seconds: null,
  answeredBy: null,
  cause: null,
  ...over,
})

test.each<[what: string, CallLeg[] | null, CallLeg[] | undefined, CallLeg[] | null]>([
  ['nothing told', [leg({ status: 'busy' })], undefined, null],
  ['an empty list', null, [], null],
  ['the first news', null, [leg({ status: 'ringing' })], [leg({ status: 'ringing' })]],
  [
    'what is left out stays',
    [leg({ status: 'completed', seconds: 4, answeredBy: 'human', cause: 'normal_clearing' })],
    [leg()],
    null,
  ],
  [
    'a leg moves up',
    [leg({ status: 'in-progress', seconds: 0 })],
    [leg({ status: 'completed', seconds: 8 })],
    [leg({ status: 'completed', seconds: 8 })],
  ],
  ['and never down', [leg({ status: 'busy' })], [leg({ status: 'in-progress' })], null],
  [
    'a second leg joins',
    [leg({ status: 'in-progress' })],
    [leg(), leg({ status: 'ringing' })],
    [leg({ status: 'in-progress' }), leg({ status: 'ringing' })],
  ],
])('%s', (_what, known, told, merged) => {
  expect(mergeLegs(known, told)).toEqual(merged)
})

test('no more legs are kept than a row holds', () => {
  const one = { status: null, onCallSeconds: 1, answeredBy: null, cause: null }
  expect(legsOf(Array(16).fill(one))).toHaveLength(8)
  expect(legsOf(undefined)).toBeUndefined()
})

test('the order in which legs are told does not matter', () => {
  const told = fc.array(
    fc.record({
      status: fc.constantFrom(null, 'ringing', 'in-progress', 'completed'),
      seconds: fc.constantFrom(null, 0, 5, 17),
      answeredBy: fc.constantFrom(null, 'human'),
      cause: fc.constantFrom(null, 'normal_clearing'),
    }),
    { maxLength: 3 },
  )
  const merge = (all: CallLeg[][]) =>
    all.reduce<CallLeg[] | null>((known, legs) => mergeLegs(known, legs) ?? known, null)
  fc.assert(
    fc.property(fc.array(told, { maxLength: 5 }), (all) => {
      expect(merge([...all].reverse())).toEqual(merge(all))
      expect(merge([...all, ...all])).toEqual(merge(all))
    }),
  )
})
