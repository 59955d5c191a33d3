import { isFinal, rankOf, type CallLeg, type CallStatus } from '@callwire/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideCallback, tellsNews, type Known, type News } from './decide-callback.ts'

const call = (over: Partial<Known> = {}): Known => ({
  status: 'dialing',
  sid: 's1',
  reasonCode: null,
  durationSeconds: null,
  hasRecordingUrl: false,
  legs: null,
  ...over,
})
const news = (over: Partial<News> = {}): News => ({ sid: 's1', status: null, ...over })
const leg = (over: Partial<CallLeg> = {}): CallLeg => ({
  status: null,
  seconds: null,
  answeredBy: null,
  cause: null,
  ...over,
})
const notPlaced: Partial<Known> = { status: 'failed', reasonCode: 'not_placed', sid: null }

const rows: [title: string, known: Known, said: News, expected: object][] = [
  [
    'a status higher up moves the call',
    call(),
    news({ status: 'in-progress' }),
    { outcome: 'applied', move: { status: 'in-progress', reopens: false } },
  ],
  [
    'an early callback binds its Sid',
    call({ sid: null }),
    news({ status: 'ringing' }),
    { outcome: 'applied', move: { status: 'ringing', reopens: false }, bindSid: 's1' },
  ],
  [
    'a callback while the call is unknown',
    call({ status: 'unknown', sid: null }),
    news({ status: 'completed', durationSeconds: 12 }),
    {
      outcome: 'applied',
      move: { status: 'completed', reopens: false },
      bindSid: 's1',
      durationSeconds: 12,
    },
  ],
  [
    'a callback for a call that went back to the queue keeps it from a second dial',
    call({ status: 'queued', sid: null }),
    news({ status: 'ringing' }),
    { outcome: 'applied', move: { status: 'ringing', reopens: false }, bindSid: 's1' },
  ],
  [
    'even when it tells no status',
    call({ status: 'queued', sid: null }),
    news(),
    { outcome: 'applied', move: { status: 'unknown', reopens: false }, bindSid: 's1' },
  ],
  ['another Sid', call(), news({ sid: 's2', status: 'completed' }), { outcome: 'ignored_sid' }],
  [
    'a lower status',
    call({ status: 'completed' }),
    news({ status: 'ringing' }),
    { outcome: 'ignored_rank' },
  ],
  [
    'the same again',
    call({ status: 'in-progress' }),
    news({ status: 'in-progress' }),
    { outcome: 'ignored_rank' },
  ],
  [
    'another end',
    call({ status: 'busy' }),
    news({ status: 'completed' }),
    { outcome: 'ignored_rank' },
  ],
  ['no status', call(), news(), { outcome: 'ignored_status' }],
  [
    'a status that is only ours',
    call(),
    news({ status: 'unknown' }),
    { outcome: 'ignored_status' },
  ],
  [
    'a late recording fills what is empty',
    call({ status: 'completed', durationSeconds: 3 }),
    news({ status: 'completed', durationSeconds: 4, recordingUrl: 'https://r.example/1' }),
    { outcome: 'ignored_rank', recordingUrl: 'https://r.example/1' },
  ],
  [
    'a duration before the end is none',
    call(),
    news({ status: 'in-progress', durationSeconds: 0 }),
    { outcome: 'applied', move: { status: 'in-progress', reopens: false } },
  ],
  [
    'legs are kept',
    call(),
    news({ status: 'in-progress', legs: [leg({ status: 'in-progress' })] }),
    {
      outcome: 'applied',
      move: { status: 'in-progress', reopens: false },
      legs: [leg({ status: 'in-progress' })],
    },
  ],
  [
    'legs that say no more than before are no news',
    call({ status: 'completed', legs: [leg({ status: 'completed', seconds: 9 })] }),
    news({ status: 'completed', legs: [leg({ status: 'in-progress', seconds: 0 })] }),
    { outcome: 'ignored_rank' },
  ],
  [
    'a call given up as not placed is taken up again',
    call(notPlaced),
    news({ status: 'ringing' }),
    { outcome: 'applied', move: { status: 'ringing', reopens: true }, bindSid: 's1' },
  ],
  [
    'and when it was given up rightly, for Exotel failed it',
    call(notPlaced),
    news({ status: 'failed' }),
    { outcome: 'applied', move: { status: 'failed', reopens: true }, bindSid: 's1' },
  ],
  [
    'and has to be asked about when its status is not told',
    call(notPlaced),
    news(),
    { outcome: 'applied', move: { status: 'unknown', reopens: true }, bindSid: 's1' },
  ],
  [
    'a call that failed otherwise stays failed',
    call({ status: 'failed', reasonCode: 'provider_rejected', sid: null }),
    news({ status: 'ringing' }),
    { outcome: 'ignored_rank', bindSid: 's1' },
  ],
]

describe('what a callback changes', () => {
  test.each(rows)('%s', (_title, known, said, expected) => {
    expect(decideCallback(known, said)).toEqual(expected)
  })
})

/** The call as it stands after a piece of news, as applying it would leave it. */
function after(known: Known, said: News): Known {
  const decision = decideCallback(known, said)
  return {
    status: decision.move?.status ?? known.status,
    sid: known.sid ?? decision.bindSid ?? null,
    reasonCode: decision.move === undefined ? known.reasonCode : null,
    durationSeconds: known.durationSeconds ?? decision.durationSeconds ?? null,
    hasRecordingUrl: known.hasRecordingUrl || decision.recordingUrl !== undefined,
    legs: decision.legs ?? known.legs,
  }
}

const finals = ['completed', 'busy', 'no-answer', 'failed', 'canceled'] as const
const starts: Partial<Known>[] = [
  { status: 'queued', sid: null },
  { status: 'dialing', sid: null },
  { status: 'dialing' },
  { status: 'unknown', sid: null, reasonCode: 'outcome_unknown' },
  notPlaced,
]

const talked = (end: CallStatus) => [
  leg({ status: 'completed', seconds: 19, answeredBy: 'human' }),
  leg({ status: end, seconds: end === 'completed' ? 17 : 0, cause: 'normal_clearing' }),
]

/** What Exotel may send about one call that ends like this: with and without the details. */
const newsOf = (end: (typeof finals)[number]): News[] => [
  news({ status: 'ringing', legs: [leg({ status: 'ringing' })] }),
  news({
    status: 'in-progress',
    durationSeconds: 0,
    legs: [leg({ status: 'in-progress', seconds: 0 }), leg()],
  }),
  news(),
  news({ legs: [leg({ answeredBy: 'human' })] }),
  news({ status: end }),
  news({ status: end, durationSeconds: 17, legs: talked(end) }),
  news({ status: end, durationSeconds: 17, recordingUrl: 'https://r.example/1' }),
]

const story = fc.constantFrom(...finals).chain((end) => {
  const all = newsOf(end)
  const again = fc.array(fc.constantFrom(...all), { maxLength: 8 })
  return again.chain((more) =>
    fc
      .shuffledSubarray([...all, ...more], { minLength: all.length + more.length })
      .map((order) => ({ end, order })),
  )
})

/** The same, of which anything may get lost, with what the poller is told in the end. */
const lossyStory = fc.constantFrom(...finals).chain((end) =>
  fc.shuffledSubarray([...newsOf(end), ...newsOf(end)]).map((order) => ({
    end,
    order,
    polled: news({
      status: end,
      durationSeconds: 17,
      recordingUrl: 'https://r.example/1',
      legs: talked(end),
    }),
  })),
)

/** How a call stands that ended like this and of which all is known. */
const whole = (end: CallStatus): Known => ({
  status: end,
  sid: 's1',
  reasonCode: null,
  durationSeconds: 17,
  hasRecordingUrl: true,
  legs: talked(end),
})

describe('callbacks in any order, any number of times', () => {
  test('end in the same state', () => {
    fc.assert(
      fc.property(fc.constantFrom(...starts), story, (start, { end, order }) => {
        const last = order.reduce(after, call(start))
        expect(last).toEqual(whole(end))
      }),
    )
  })

  test('end there also when any of them were lost and Exotel had to be asked', () => {
    fc.assert(
      fc.property(fc.constantFrom(...starts), lossyStory, (start, { end, order, polled }) => {
        const last = [...order, polled].reduce(after, call(start))
        expect(last).toEqual(whole(end))
      }),
    )
  })

  test('tell nothing new the second time', () => {
    fc.assert(
      fc.property(fc.constantFrom(...starts), story, (start, { order }) => {
        const last = order.reduce(after, call(start))
        for (const said of order) {
          const again = decideCallback(last, said)
          expect(tellsNews(again)).toBe(false)
        }
      }),
    )
  })

  test('never take a call back, and nothing follows an end', () => {
    fc.assert(
      fc.property(fc.constantFrom(...starts.slice(0, 4)), story, (start, { order }) => {
        let known = call(start)
        let ends = 0
        for (const said of order) {
          const next = after(known, said)
          expect(rankOf(next.status)).toBeGreaterThanOrEqual(rankOf(known.status))
          if (next.status !== known.status && isFinal(next.status)) ends += 1
          known = next
        }
        expect(ends).toBe(1)
      }),
    )
  })

  test('of another call change nothing', () => {
    const any = fc.constantFrom<CallStatus>('ringing', 'in-progress', ...finals)
    fc.assert(
      fc.property(any, any, (status, said) => {
        const known = call({ status })
        expect(after(known, news({ sid: 's2', status: said, durationSeconds: 1 }))).toEqual(known)
      }),
    )
  })
})
