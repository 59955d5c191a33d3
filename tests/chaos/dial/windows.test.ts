import { expect, test } from 'vitest'
import type { Blow } from './fleet.ts'
import type { Moment, Ours } from './ours.ts'
import type { Asked, Truth } from './truth.ts'
import { countHits, givenUpForNothing } from './windows.ts'

const claimedAtMs = 100_000
const blow = (atMs: number, ports: number[] = []): Blow => ({
  ...{ kind: 'kill', atMs, untilMs: null, ports },
})
const asked = (change: Partial<Asked> = {}): Asked => ({
  ...{ callId: 'a', port: 7, atMs: claimedAtMs + 10, answeredAtMs: claimedAtMs + 500, ...change },
})
const truth = (...requests: Asked[]): Truth => ({
  ...{ placed: [], asked: requests, requests: new Map(), callbacks: 0 },
})
const call = (after: string | null = 'dialer_lost'): Ours[] => {
  const moment = (status: string, reasonCode: string | null): Moment => ({
    ...{ status, reasonCode, atMs: claimedAtMs },
  })
  const history = [moment('queued', null), moment('dialing', null), moment('unknown', after)]
  return [{ callId: 'a', status: 'unknown', reasonCode: after, sid: null, history }]
}
const none = { blows: 0, duringRequest: 0, beforeRequest: 0 }

test.each([
  ['a request that was under way', [blow(claimedAtMs + 100, [7])], [asked()], 1],
  [
    'one that was never answered',
    [blow(claimedAtMs + 100, [7])],
    [asked({ answeredAtMs: null })],
    1,
  ],
  ['another process’s request', [blow(claimedAtMs + 100, [8])], [asked()], 0],
  ['one that was answered before', [blow(claimedAtMs + 501, [7])], [asked()], 0],
  [
    'an older one on the same port',
    [blow(claimedAtMs + 90_000, [7])],
    [asked({ answeredAtMs: null })],
    0,
  ],
  ['one that came when the process was gone', [blow(claimedAtMs - 5_000, [7])], [asked()], 0],
  ['a call that was not claimed by then', [blow(claimedAtMs - 1, [7])], [asked()], 0],
  [
    'two blows in one request',
    [blow(claimedAtMs + 100, [7]), blow(claimedAtMs + 200, [7])],
    [asked()],
    2,
  ],
])('during a request: %s', (_what, blows, requests, hits) => {
  const expected = { ...none, blows: hits, duringRequest: hits }
  expect(countHits(blows, truth(...requests), call())).toEqual(expected)
})

test.each([
  ['claimed and never sent', [blow(claimedAtMs + 100)], [], 'dialer_lost', 1],
  [
    'counts for the first blow alone',
    [blow(claimedAtMs + 200), blow(claimedAtMs + 100)],
    [],
    'dialer_lost',
    1,
  ],
  ['not when its outcome was written', [blow(claimedAtMs + 100)], [], 'outcome_unknown', 0],
  [
    'not when the provider was asked',
    [blow(claimedAtMs + 100)],
    [asked({ atMs: claimedAtMs + 50 })],
    'dialer_lost',
    0,
  ],
  ['not past the deadline for its first byte', [blow(claimedAtMs + 2_001)], [], 'dialer_lost', 0],
  ['not before it was claimed', [blow(claimedAtMs - 1)], [], 'dialer_lost', 0],
])('before a request: %s', (_what, blows, requests, after, hits) => {
  const expected = { ...none, blows: hits, beforeRequest: hits }
  expect(countHits(blows, truth(...requests), call(after))).toEqual(expected)
})

test.each([
  ['nothing was in the way', { blows: [], away: [], requests: [] }, ['a']],
  ['a kill was long ago', { blows: [blow(claimedAtMs - 5_000)], away: [], requests: [] }, ['a']],
  ['a kill', { blows: [blow(claimedAtMs + 1_500)], away: [], requests: [] }, []],
  [
    'PostgreSQL was away',
    { blows: [], away: [{ fromMs: 0, untilMs: claimedAtMs + 1 }], requests: [] },
    [],
  ],
  ['the provider did not place it', { blows: [], away: [], requests: [asked()] }, []],
])('given up for nothing: %s', (_what, { blows, away, requests }, found) => {
  const [given = call()[0]] = call('not_placed')
  expect(givenUpForNothing(given ? [given] : [], truth(...requests), { blows, away })).toEqual(
    found,
  )
})

test('a call that was never claimed cannot have been not placed', () => {
  const unclaimed: Ours = {
    ...{ callId: 'a', status: 'failed', reasonCode: 'not_placed', sid: null, history: [] },
  }
  const everything = { blows: [blow(claimedAtMs)], away: [] }
  expect(givenUpForNothing([unclaimed], truth(), everything)).toEqual(['a'])
})
