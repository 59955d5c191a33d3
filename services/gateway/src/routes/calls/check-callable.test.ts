import { expect, test } from 'vitest'
import { ApiError } from '../../http/api-error.ts'
import { requireCallable, type CallableFacts } from './check-callable.ts'

const free: CallableFacts = { callingHours: null, neverCall: null }
const daytime: CallableFacts['callingHours'] = {
  windows: [{ days: ['mon'], from: '09:00', to: '21:00' }],
}
const listed = { id: 'nvc_1', expiresAt: null }
const monday = Date.parse('2026-01-05T10:00:00Z')
const night = Date.parse('2026-01-05T18:00:00Z')

function refusalOf(facts: CallableFacts, o: { number?: string; atMs?: number } = {}): unknown {
  try {
    requireCallable(facts, { number: o.number ?? '+919876543210', atMs: o.atMs ?? monday })
    return null
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { code: error.apiCode, details: error.details, message: error.message }
  }
}

test('no rule, no refusal; within hours, none either', () => {
  expect(refusalOf(free)).toBeNull()
  expect(refusalOf({ ...free, callingHours: daytime })).toBeNull()
})

test('the list counts before the hours', () => {
  expect(refusalOf({ callingHours: daytime, neverCall: listed }, { atMs: night })).toEqual({
    code: 'never_call',
    details: { neverCallId: 'nvc_1', expiresAt: null },
    message: 'This number is on the never-call list; it can be called once it was taken off.',
  })
  const expiresAt = new Date(night)
  expect(refusalOf({ ...free, neverCall: { ...listed, expiresAt } })).toMatchObject({
    details: { expiresAt: '2026-01-05T18:00:00.000Z' },
    message: expect.stringContaining('until 2026-01-05T18:00:00.000Z') as string,
  })
})

test('outside hours says when they begin, and how to call then', () => {
  expect(refusalOf({ ...free, callingHours: daytime }, { atMs: night })).toMatchObject({
    code: 'outside_hours',
    details: { opensAt: '2026-01-12T03:30:00.000Z' },
    message: expect.stringMatching(
      /^It is 23:30 .*09:00 on Monday 12 January.*scheduleAt/,
    ) as string,
  })
  const nowhere = refusalOf({ ...free, callingHours: daytime }, { number: '+870773111632' })
  expect(nowhere).toMatchObject({ code: 'outside_hours', details: { opensAt: null } })
})
