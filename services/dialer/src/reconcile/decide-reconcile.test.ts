import { describe, expect, test } from 'vitest'
import {
  decideReconcile,
  nextLookAt,
  type Candidate,
  type ReconcileDecision,
  type Search,
} from './decide-reconcile.ts'

const ours = (over: Partial<Candidate> = {}): Candidate => ({
  sid: 's1',
  status: 'in-progress',
  customField: 'cal_1',
  createdAtMs: 1_700_000_000_000,
  durationSeconds: null,
  ...over,
})
const found = (...candidates: Candidate[]): Search => ({ kind: 'searched', candidates })
const blind = ours({ customField: null })
const strange = ours({ sid: 's9', customField: 'cal_9' })

const waits = { afterMs: 5_000, graceMs: 120_000 }
const early = 10_000
const late = 120_000

const rows: [title: string, search: Search, elapsedMs: number, ReconcileDecision | string][] = [
  ['ours, alive', found(ours()), early, { kind: 'adopt', sid: 's1', status: 'ringing' }],
  [
    'ours, ended',
    found(ours({ status: 'no-answer' })),
    early,
    { kind: 'adopt', sid: 's1', status: 'no-answer' },
  ],
  [
    'ours, among others',
    found(strange, ours({ status: null }), blind),
    early,
    { kind: 'adopt', sid: 's1', status: 'ringing' },
  ],
  [
    'two with our id',
    found(ours(), strange, ours({ sid: 's2' })),
    late,
    {
      kind: 'park',
      message: "Exotel shows 2 calls with this call's id.",
      candidates: [ours(), ours({ sid: 's2' })],
    },
  ],
  ['nothing yet', found(), early, 'later'],
  ['nothing after the grace', found(), late, 'not_placed'],
  ['only a stranger', found(strange), late, 'not_placed'],
  ['one that could be ours', found(blind), early, 'later'],
  [
    'one that could be ours, after the grace',
    found(blind, strange),
    late,
    { kind: 'adopt', sid: 's1', status: 'ringing' },
  ],
  [
    'two that could be ours, after the grace',
    found(blind, strange, ours({ sid: 's2', customField: null })),
    late,
    {
      kind: 'park',
      message: 'Exotel shows 2 calls that could be this one.',
      candidates: [blind, ours({ sid: 's2', customField: null })],
    },
  ],
  ['no list', { kind: 'unavailable', refused: false }, late, 'later'],
  ['no list for very long', { kind: 'unavailable', refused: false }, 10 * late, 'park'],
  ['refused', { kind: 'unavailable', refused: true }, early, 'later'],
  [
    'refused after the grace',
    { kind: 'unavailable', refused: true },
    late,
    { kind: 'park', message: 'Exotel refuses to say what became of this call.', candidates: [] },
  ],
]

describe('a call of unknown outcome', () => {
  test.each(rows)('%s', (_title, search, elapsedMs, expected) => {
    const decision = decideReconcile(search, { callId: 'cal_1', elapsedMs, graceMs: late })
    if (typeof expected === 'string') expect(decision.kind).toBe(expected)
    else expect(decision).toEqual(expected)
  })

  test('is looked for soon and then ever less often', () => {
    const looks: number[] = []
    let lastLookAt: number | null = null
    for (let i = 0; i < 7; i += 1) {
      lastLookAt = nextLookAt({ ...waits, unknownAt: 1_000, lastLookAt })
      looks.push(lastLookAt - 1_000)
    }
    expect(looks).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 140_000, 200_000])
  })

  test('no wait is longer than half the grace, so that many looks come before a person', () => {
    const shortGrace = { ...waits, graceMs: 16_000 }
    expect(nextLookAt({ ...shortGrace, unknownAt: 0, lastLookAt: 100_000 })).toBe(108_000)
  })

  test('news from before it became unknown is no look', () => {
    expect(nextLookAt({ ...waits, unknownAt: 1_000, lastLookAt: 900 })).toBe(6_000)
  })
})
