import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startAnsweringGateway, type AnsweringGateway } from '../testing/answering-gateway.ts'

let gateway: AnsweringGateway
beforeAll(async () => {
  gateway = await startAnsweringGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())
beforeEach(() => {
  gateway.answers = {}
  gateway.refusals = {}
  gateway.asked.length = 0
})

const since = '2026-01-05T10:00:00.000Z'

describe('calls reconcile', () => {
  const call = {
    id: 'cal_0123456789abcdefghjkmnpq',
    to: '+9198********',
    status: 'unknown',
    createdAt: since,
    reason: { code: 'needs_review', message: 'Exotel shows 2 calls that could be this one.' },
  }
  const parked = 'GET calls?status=unknown&reason=needs_review&limit=20'
  const candidates = [
    { sid: 'sid-a', status: 'in-progress', createdAt: since, durationSeconds: 7 },
    { sid: 'sid-b', status: null, createdAt: null, durationSeconds: null },
  ]

  test('without an id shows what is parked, what each may be, and how to answer', async () => {
    gateway.answers = {
      [parked]: { calls: [call], nextCursor: null },
      [`GET calls/${call.id}/candidates`]: { candidates },
    }
    expect((await gateway.run('calls', 'reconcile')).out.split('\n')).toEqual([
      `call ${call.id} to +9198********, dialed after ${since}: Exotel shows 2 calls that could be this one.`,
      '  sid    status       created                   seconds',
      `  sid-a  in-progress  ${since}  7`,
      '  sid-b  ?            ?                         ?',
      `  callwire calls reconcile ${call.id} --sid <sid> | --not-placed`,
      '',
    ])
    gateway.answers = { [parked]: { calls: [], nextCursor: null } }
    expect((await gateway.run('calls', 'reconcile')).out).toBe('no call waits for a person\n')
  })

  test('with an id shows that one, and says so when nothing is to be decided', async () => {
    gateway.answers = {
      [`GET calls/${call.id}`]: { call },
      [`GET calls/${call.id}/candidates`]: { candidates: [] },
    }
    expect((await gateway.run('calls', 'reconcile', call.id)).out).toContain('nothing to choose')
    gateway.answers[`GET calls/${call.id}`] = {
      call: { ...call, status: 'ringing', reason: undefined },
    }
    expect((await gateway.run('calls', 'reconcile', call.id)).out).toContain(
      'is ringing and does not wait for a person',
    )
  })

  test('sends the answer', async () => {
    gateway.answers = {
      [`POST calls/${call.id}/reconcile`]: { call: { ...call, status: 'ringing' } },
    }
    const { out } = await gateway.run('calls', 'reconcile', call.id, '--sid', 'sid-a')
    expect(out).toBe(`call ${call.id} is ringing\n`)
    await gateway.run('calls', 'reconcile', call.id, '--not-placed')
    expect(gateway.asked).toEqual([
      `POST calls/${call.id}/reconcile {"sid":"sid-a"}`,
      `POST calls/${call.id}/reconcile {"notPlaced":true}`,
    ])
  })

  test.each([
    [['--sid', 'a'], 1, 'Name the call'],
    [['--not-placed'], 1, 'Name the call'],
    [['cal_1', '--sid', 'a', '--not-placed'], 2, 'cannot be used with'],
  ])('%j is refused', async (args, code, sentence) => {
    const result = await gateway.run('calls', 'reconcile', ...args)
    expect([result.code, result.err]).toEqual([code, expect.stringContaining(sentence)])
    expect(gateway.asked).toEqual([])
  })
})

describe('around them', () => {
  test('calls list filters, and says why a call is where it is', async () => {
    const call = {
      id: 'cal_1',
      createdAt: since,
      status: 'queued',
      direction: 'outbound',
      to: '+9198********',
      reason: { code: 'waiting_for_budget', message: 'Waiting for the account, about 12 s.' },
    }
    const asked = 'GET calls?limit=20&status=queued&reason=waiting_for_budget'
    gateway.answers = { [asked]: { calls: [call], nextCursor: null } }
    const args = ['--status', 'queued', '--reason', 'waiting_for_budget']
    const { out } = await gateway.run('calls', 'list', ...args)
    expect(out).toContain('Waiting for the account, about 12 s.')
    expect((await gateway.run('calls', 'list', '--reason', 'because')).code).toBe(2)
  })

  test('calls cancel shows the call, with what is known of each side', async () => {
    const call = {
      ...{ id: 'cal_1', from: '+918047112233', to: '+9198********', direction: 'outbound' },
      status: 'canceled',
      reason: { code: 'canceled', message: 'Ended while it was live.' },
      legs: [
        { status: 'completed', seconds: 12, answeredBy: 'human', cause: null },
        { status: 'busy', seconds: null, answeredBy: null, cause: 'USER_BUSY' },
      ],
    }
    gateway.answers = { 'POST calls/cal_1/cancel': { call } }
    expect((await gateway.run('calls', 'cancel', 'cal_1')).out.split('\n')).toEqual([
      'call cal_1',
      '  +918047112233 → +9198********, outbound, canceled — Ended while it was live. (canceled)',
      '  leg 1: completed, 12 s, answered by human',
      '  leg 2: busy, USER_BUSY',
      '',
    ])
  })

  test('phones reset-breaker closes a breaker', async () => {
    gateway.answers = {
      'POST phones/phn_1/breaker/reset': { phone: { number: '+918047112233' } },
    }
    const { out } = await gateway.run('phones', 'reset-breaker', 'phn_1')
    expect(out).toBe('the breaker of +918047112233 is closed\n')
  })
})
