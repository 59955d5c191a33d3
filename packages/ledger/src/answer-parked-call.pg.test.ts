import { calls } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { answerParkedCall, type ParkedAnswer } from './answer-parked-call.ts'
import { changeStatus, loadCall, type CallRow, type StatusChange } from './change-status.ts'
import { arrangeLedger, type Arranged } from './testing/arrange-ledger.ts'

let at: Arranged
let callId: string

beforeAll(async () => {
  at = await arrangeLedger()
})
afterAll(() => at[Symbol.asyncDispose]())
beforeEach(async () => {
  callId = await at.newCall()
})

const begunAt = new Date('2025-01-01T00:00:00.000Z')

async function load(id = callId): Promise<CallRow> {
  const call = await at.database.withTenant(at.tenantId, (tx) => loadCall(tx, id))
  if (call === null) throw new Error('no call')
  return call
}

async function change(to: StatusChange, id = callId): Promise<void> {
  await at.ledger.transact(at.tenantId, id, async (w) => {
    const call = await loadCall(w.tx, id)
    if (call !== null) await changeStatus(w, call, to)
  })
}

async function park(): Promise<void> {
  await change({ status: 'dialing', fence: 1, at: begunAt, heardAt: new Date() })
  await change({ status: 'unknown', reason: { code: 'outcome_unknown', message: 'Who knows.' } })
  const reason = { code: 'needs_review', message: 'Two fit.' }
  await change({ status: 'unknown', exception: 'annotate', reason })
  const candidates = [{ sid: 's1', status: null, createdAt: null, durationSeconds: null }]
  await at.database.withTenant(at.tenantId, (tx) =>
    tx.update(calls).set({ candidates }).where(eq(calls.id, callId)),
  )
}

const answer = (given: ParkedAnswer) =>
  at.ledger.transact(at.tenantId, callId, async (w) => {
    const call = await loadCall(w.tx, callId)
    return call === null ? 'no call' : answerParkedCall(w, call, given)
  })

const types = async () =>
  (await at.ledger.read(at.tenantId, callId, { after: 0, limit: 99 })).map(({ type }) => type)

test('a sid binds the call: it rings since its attempt, and Exotel is asked soon', async () => {
  await park()
  expect(await answer({ sid: 'chosen-1' })).toBe('answered')
  expect(await load()).toMatchObject({
    status: 'ringing',
    sid: 'chosen-1',
    reasonCode: null,
    dialedAt: begunAt,
    heardAt: null,
    fence: 1,
    candidates: null,
  })
  expect(await answer({ notPlaced: true })).toBe('not_parked')
})

test('"not placed" fails the call for good, and its attempt loses the fence', async () => {
  await park()
  expect(await answer({ notPlaced: true })).toBe('answered')
  expect(await load()).toMatchObject({
    status: 'failed',
    reasonCode: 'not_placed',
    sid: null,
    fence: 2,
    candidates: null,
  })
  expect((await types()).at(-1)).toBe('call.receipt')
})

test('the sid of another call is refused, and the call stays parked', async () => {
  const other = await at.newCall()
  await change({ status: 'ringing', sid: 'held-1' }, other)
  await park()
  expect(await answer({ sid: 'held-1' })).toBe('sid_taken')
  expect(await load()).toMatchObject({ status: 'unknown', reasonCode: 'needs_review', sid: null })
  expect((await load()).candidates).toHaveLength(1)
  expect((await load(other)).sid).toBe('held-1')
})

test.each<[string, StatusChange[]]>([
  ['queued', []],
  ['dialing', [{ status: 'dialing', fence: 1 }]],
  ['unknown and still searched for', [{ status: 'dialing' }, { status: 'unknown' }]],
  ['ended', [{ status: 'completed' }]],
])('a call that is %s takes no answer', async (_title, changes) => {
  for (const to of changes) await change(to)
  const before = await load()
  expect(await answer({ sid: 'chosen-2' })).toBe('not_parked')
  expect(await answer({ notPlaced: true })).toBe('not_parked')
  expect(await load()).toEqual(before)
})

test('of many answers at once one counts', async () => {
  await park()
  const given: ParkedAnswer[] = [{ sid: 'a-1' }, { notPlaced: true }, { sid: 'a-2' }]
  const verdicts = await Promise.all([...given, ...given].map(answer))
  expect(verdicts.filter((verdict) => verdict === 'answered')).toHaveLength(1)
})
