import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { changeRow, rowsOf } from '../../testing/database-rows.ts'
import { fixturesOf, type Fixtures } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  textAt,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'

let gw: GatewayUnderTest
let own: Fixtures
beforeAll(async () => {
  gw = await gatewayUnderTest()
  own = await fixturesOf(gw, gw.tenant.apiKey)
})
afterAll(() => gw[Symbol.asyncDispose]())

const ask = (method: 'GET' | 'POST', path: string, body?: object, token?: string) =>
  gw.send({
    method,
    url: `/api/v1${path}`,
    token: token ?? gw.tenant.apiKey,
    ...(body === undefined ? {} : { body }),
  })

let persons = 0
async function newCall(): Promise<string> {
  persons += 1
  const placed = await gw.send({
    method: 'POST',
    url: '/api/v1/calls',
    token: gw.tenant.apiKey,
    headers: { 'idempotency-key': `reconcile-${String(persons)}` },
    body: { phoneId: own.phones, to: `+9198222${String(10_000 + persons)}` },
  })
  return textAt(placed, 'call.id')
}

const candidates = [
  { sid: 'sid-a', status: 'in-progress', createdAt: null, durationSeconds: null },
  { sid: 'sid-b', status: null, createdAt: '2026-01-05T10:00:00.000Z', durationSeconds: 7 },
]
const dialingAt = new Date('2026-01-05T10:00:00.000Z')

/** A call as the reconciler leaves it for a person. */
async function parkedCall(): Promise<string> {
  const id = await newCall()
  await changeRow(gw.databaseUrl, 'calls', id, {
    status: 'unknown',
    reason_code: 'needs_review',
    reason_message: 'Exotel shows 2 calls that could be this one.',
    dialing_at: dialingAt,
    unknown_at: dialingAt,
    heard_at: dialingAt,
    fence: 1,
    candidates,
  })
  return id
}

let parked: string
beforeEach(async () => {
  parked = await parkedCall()
})

it('a parked call is found, counted, and shown with what it may be', async () => {
  expect((await ask('GET', '/calls?status=unknown&reason=needs_review')).json).toMatchObject({
    data: { calls: [{ id: parked, status: 'unknown', reason: { code: 'needs_review' } }] },
  })
  expect((await ask('GET', '/dialing')).json).toMatchObject({ data: { dialing: { parked: 1 } } })
  expect((await ask('GET', `/calls/${parked}/candidates`)).json).toMatchObject({
    data: { candidates },
  })
  expect((await ask('GET', `/calls/${own.calls}/candidates`)).json).toMatchObject({
    data: { candidates: [] },
  })
  expect((await ask('GET', '/calls?reason=because')).status).toBe(400)
  await ask('POST', `/calls/${parked}/reconcile`, { notPlaced: true })
})

it('a sid binds it, and Exotel is asked how it stands', async () => {
  const answer = await ask('POST', `/calls/${parked}/reconcile`, { sid: 'sid-a' })
  expect([answer.status, answer.json]).toMatchObject([
    200,
    { data: { call: { status: 'ringing', sid: 'sid-a', seq: 2 } } },
  ])
  const row = (await rowsOf(gw.databaseUrl, 'calls')).find(({ id }) => id === parked)
  expect(row).toMatchObject({ heard_at: null, dialed_at: dialingAt, candidates: null, fence: 1 })
  const audit = (await rowsOf(gw.databaseUrl, 'audit_log')).findLast(
    ({ action }) => action === 'call.reconciled',
  )
  expect(audit).toMatchObject({ target_id: parked, details: { sid: 'sid-a' } })
  const { json } = await ask('GET', `/calls/${parked}/events`)
  expect(json).toMatchObject({
    data: {
      events: [{}, { type: 'call.status', data: { status: 'ringing', previous: 'unknown' } }],
    },
  })
})

it('without a call of Exotel’s it fails for good, and whoever holds the attempt has lost it', async () => {
  const answer = await ask('POST', `/calls/${parked}/reconcile`, { notPlaced: true })
  expect([answer.status, answer.json]).toMatchObject([
    200,
    { data: { call: { status: 'failed', reason: { code: 'not_placed' } } } },
  ])
  const row = (await rowsOf(gw.databaseUrl, 'calls')).find(({ id }) => id === parked)
  expect(row).toMatchObject({ fence: 2, candidates: null })
})

it('one person answers, and the others are told that nothing waits', async () => {
  const answers = await Promise.all(
    ['sid-c', 'sid-d', 'sid-e', 'sid-f'].map((sid) =>
      ask('POST', `/calls/${parked}/reconcile`, { sid }),
    ),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
  const refused = answers.find(({ status }) => status === 409)
  expect(refused?.json).toMatchObject({
    error: { code: 'conflict', details: { status: 'ringing' } },
  })
})

it('a sid is one call’s: another one does not get it, and stays parked', async () => {
  await ask('POST', `/calls/${parked}/reconcile`, { sid: 'sid-taken' })
  const second = await parkedCall()
  const answer = await ask('POST', `/calls/${second}/reconcile`, { sid: 'sid-taken' })
  expect([answer.status, answer.text]).toEqual([409, expect.stringContaining('GET /calls?sid=')])
  expect((await ask('GET', `/calls/${second}`)).json).toMatchObject({
    data: { call: { status: 'unknown', reason: { code: 'needs_review' } } },
  })
  await ask('POST', `/calls/${second}/reconcile`, { notPlaced: true })
})

it.each([[{}], [{ sid: 'a', notPlaced: true }], [{ notPlaced: false }], [{ sid: 'a b' }]])(
  'the answer %j is none',
  async (body) => {
    expect((await ask('POST', `/calls/${parked}/reconcile`, body)).status).toBe(400)
  },
)

it('a call that only waits its turn is nobody’s to answer for, nor another tenant’s', async () => {
  const queued = await newCall()
  const answer = await ask('POST', `/calls/${queued}/reconcile`, { notPlaced: true })
  expect([answer.status, answer.json]).toMatchObject([
    409,
    { error: { code: 'conflict', details: { status: 'queued' } } },
  ])
  const foreign = await ask(
    'POST',
    `/calls/${parked}/reconcile`,
    { notPlaced: true },
    gw.stranger.apiKey,
  )
  expect(foreign.status).toBe(404)
  expect((await ask('GET', `/calls/${queued}`)).json).toMatchObject({
    data: { call: { status: 'queued' } },
  })
})
