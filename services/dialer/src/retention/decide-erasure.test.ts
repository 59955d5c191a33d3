import { callStatuses, eventTypes, isFinal } from '@callwire/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  DAY_MS,
  decideErasure,
  erasureKinds,
  type ErasureFacts,
  type Lives,
} from './decide-erasure.ts'

const endedAtMs = Date.UTC(2026, 0, 5, 10)
const lives: Lives = { recordings: 7, words: 30, numbers: 365 }
const all = { recordings: true, words: true, numbers: true }
const over: ErasureFacts = {
  status: 'completed',
  endedAtMs,
  lastType: 'call.receipt',
  isTranscribing: false,
  hasOpenStream: false,
  holds: all,
}
const after = (days: number, ms = 0) => endedAtMs + days * DAY_MS + ms

describe('what of a call is to go', () => {
  test.each<[string, Lives, number, string[]]>([
    ['nothing before any life is over', lives, after(6), []],
    ['nothing at the very end of a life', lives, after(7), []],
    ['one kind a millisecond later', lives, after(7, 1), ['recordings']],
    ['two', lives, after(30, 1), ['recordings', 'words']],
    ['all three', lives, after(365, 1), ['recordings', 'words', 'numbers']],
    ['never what has no end', { ...lives, words: null }, after(9_999), ['recordings', 'numbers']],
    [
      'nothing where nothing has an end',
      { recordings: null, words: null, numbers: null },
      after(99_999),
      [],
    ],
    ['nothing of a call that ended later than now', lives, endedAtMs - 1, []],
  ])('%s', (_what, own, nowMs, kinds) => {
    expect(decideErasure(own, over, nowMs)).toEqual(kinds)
  })

  test.each<[string, Partial<ErasureFacts>]>([
    ['goes on', { status: 'in-progress', endedAtMs: null }],
    ['goes on again', { status: 'in-progress' }],
    ['has no end in time', { endedAtMs: null }],
    ['has no receipt', { lastType: 'call.talk' }],
    ['has no facts', { lastType: null }],
    ['is being transcribed', { isTranscribing: true }],
    ['has an open socket', { hasOpenStream: true }],
  ])('is nothing while the call %s', (_what, facts) => {
    expect(decideErasure(lives, { ...over, ...facts }, after(9_999))).toEqual([])
  })

  test('is nothing that went before', () => {
    for (const kind of erasureKinds) {
      const call = { ...over, holds: { ...all, [kind]: false } }
      const kinds = decideErasure(lives, call, after(9_999))
      expect(kinds).toEqual(erasureKinds.filter((other) => other !== kind))
    }
  })

  test('is what a slow reading of the rules says, whatever the call', () => {
    const life = fc.option(fc.integer({ min: 1, max: 40 }))
    const anyCall = fc.record<ErasureFacts>({
      status: fc.constantFrom(...callStatuses),
      endedAtMs: fc.option(fc.constant(endedAtMs)),
      lastType: fc.option(fc.constantFrom(...eventTypes, 'call.receipt', 'call.receipt')),
      isTranscribing: fc.boolean(),
      hasOpenStream: fc.boolean(),
      holds: fc.record({ recordings: fc.boolean(), words: fc.boolean(), numbers: fc.boolean() }),
    })
    const anyLives = fc.record<Lives>({ recordings: life, words: life, numbers: life })
    // Around the ends of days, where a slip would show.
    const now = fc
      .tuple(fc.integer({ min: 0, max: 41 }), fc.constantFrom(-1, 0, 1))
      .map(([days, ms]) => after(days, ms))
    fc.assert(
      fc.property(anyLives, anyCall, now, (own, call, nowMs) => {
        expect(decideErasure(own, call, nowMs)).toEqual(slowly(own, call, nowMs))
      }),
      { numRuns: 2_000 },
    )
  })
})

/** Day by day: the life is lived through before it is over. */
function slowly(own: Lives, call: ErasureFacts, nowMs: number): string[] {
  const kinds: string[] = []
  for (const kind of ['recordings', 'words', 'numbers'] as const) {
    if (!call.holds[kind]) continue
    if (!isFinal(call.status) || call.lastType !== 'call.receipt') continue
    if (call.isTranscribing || call.hasOpenStream) continue
    if (call.endedAtMs === null) continue
    let left = own[kind]
    if (left === null) continue
    let lived = call.endedAtMs
    while (left > 0) {
      lived += 24 * 60 * 60 * 1_000
      left -= 1
    }
    if (nowMs > lived) kinds.push(kind)
  }
  return kinds
}
