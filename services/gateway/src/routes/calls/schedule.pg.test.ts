import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeRows, rowCounts, rowsOf } from '../../testing/database-rows.ts'
import { fixturesOf, type Fixtures } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  textAt,
  type Answer,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'

const dayMs = 86_400_000

let gw: GatewayUnderTest
let own: Fixtures
beforeAll(async () => {
  gw = await gatewayUnderTest()
  own = await fixturesOf(gw, gw.tenant.apiKey)
})
afterAll(() => gw[Symbol.asyncDispose]())

const place = (to: string, key: string, body: object): Promise<Answer> =>
  gw.send({
    method: 'POST',
    url: '/api/v1/calls',
    token: gw.tenant.apiKey,
    headers: { 'idempotency-key': key },
    body: { phoneId: own.phones, to, ...body },
  })
const get = (url: string) => gw.send({ method: 'GET', url, token: gw.tenant.apiKey })
const cancel = (placed: Answer) =>
  gw.send({
    method: 'POST',
    url: `/api/v1/calls/${textAt(placed, 'call.id')}/cancel`,
    token: gw.tenant.apiKey,
  })
const inDays = (days: number) => new Date(Date.now() + days * dayMs).toISOString()

describe('a time that no call can have', () => {
  it.each([
    ['9999-12-31T23:59:59-23:59', 'must be in the years 2000 to 2099 of UTC'],
    ['0000-01-01T00:00:00+05:30', 'must be in the years 2000 to 2099 of UTC'],
    ['1970-01-01T00:00:00Z', 'must be in the years 2000 to 2099 of UTC'],
    [inDays(367), expect.stringMatching(/^must be within a year, until \d{4}-\d\d-\d\dT/)],
  ])('is refused, and nothing is stored: %s', async (scheduleAt, message: unknown) => {
    const before = await rowCounts(gw.databaseUrl)
    const refused = await place('+919811200001', scheduleAt, { scheduleAt })
    expect([refused.status, refused.json]).toMatchObject([
      400,
      {
        error: {
          code: 'validation_failed',
          details: { issues: [{ path: 'body.scheduleAt', message }] },
        },
      },
    ])
    expect(await rowCounts(gw.databaseUrl)).toEqual(before)
    expect((await get('/api/v1/calls')).status).toBe(200)
    expect((await get('/api/v1/dialing')).status).toBe(200)
  })

  it('leaves its key and its person free', async () => {
    await place('+919811200002', 'free', { scheduleAt: inDays(400) })
    const placed = await place('+919811200002', 'free', { scheduleAt: inDays(365) })
    expect([placed.status, placed.headers['idempotent-replayed']]).toEqual([202, undefined])
  })
})

describe('a time that is past', () => {
  it('means now: the call is shown as it was asked for, and overtakes nobody', async () => {
    const scheduleAt = '2001-01-01T00:00:00.000Z'
    const before = await place('+919811200011', 'before', {})
    const placed = await place('+919811200012', 'past', { scheduleAt })
    expect([placed.status, textAt(placed, 'call.scheduleAt')]).toEqual([202, scheduleAt])
    const rows = await rowsOf(gw.databaseUrl, 'calls')
    const timesOf = (answer: Answer) => {
      const row = rows.find(({ id }) => id === textAt(answer, 'call.id'))
      return { due: Number(row?.['due_at']), created: Number(row?.['created_at']) }
    }
    expect(timesOf(placed).due).toBe(timesOf(placed).created)
    expect(timesOf(placed).due).toBeGreaterThanOrEqual(timesOf(before).due)
    const { data } = (await get('/api/v1/dialing')).json as {
      data: { dialing: { oldestDueAt: string } }
    }
    const oldest = Math.min(...rows.map((row) => Number(row['due_at'])))
    expect(data.dialing.oldestDueAt).toBe(new Date(oldest).toISOString())
    expect(oldest).toBeGreaterThan(Date.parse(scheduleAt))
  })
})

describe('a key that is older than seven days', () => {
  const body = { scheduleAt: inDays(30), allowConcurrent: true }
  const age = (key: string) =>
    changeRows(gw.databaseUrl, 'idempotency_keys', { key }, { created_at: inDays(-8) })

  it('still stands for its call, as long as that waits to be dialed', async () => {
    const first = await place('+919811200021', 'waiting', body)
    await age('waiting')
    const again = await place('+919811200021', 'waiting', body)
    expect([again.headers['idempotent-replayed'], again.text]).toEqual(['true', first.text])
    const other = await place('+919811200022', 'waiting', body)
    expect([other.status, other.json]).toMatchObject([
      422,
      { error: { code: 'idempotency_mismatch' } },
    ])
    await cancel(first)
    const after = await place('+919811200021', 'waiting', body)
    expect([after.status, after.headers['idempotent-replayed']]).toEqual([202, undefined])
    expect(textAt(after, 'call.id')).not.toBe(textAt(first, 'call.id'))
  })
})
