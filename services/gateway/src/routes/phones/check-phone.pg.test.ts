import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  checkAnswerer,
  type CheckAnswer,
  type CheckAnswerer,
} from '../../testing/check-answerer.ts'
import { removeTenant, rowsOf } from '../../testing/database-rows.ts'
import { account } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  textAt,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'

let gw: GatewayUnderTest
let dialer: CheckAnswerer
let phoneId: string
let bareId: string
let lastNumber = 8047400000

const send = (method: 'GET' | 'POST', path: string, body?: object, token = gw.tenant.apiKey) =>
  gw.send({
    ...{ method, url: `/api/v1${path}`, token },
    ...(body === undefined ? {} : { body }),
    headers: { 'idempotency-key': `check-${(lastNumber += 1)}` },
  })
const addPhone = async (over: object) => {
  const body = { number: `+91${(lastNumber += 1)}`, country: 'IN', ...over }
  return textAt(await send('POST', '/phones', body), 'phone.id')
}

beforeAll(async () => {
  gw = await gatewayUnderTest({ env: { EXOTEL_GLOBAL_FALLBACK: 'true' } })
  dialer = await checkAnswerer(gw)
  phoneId = await addPhone({ exotelConfig: account })
  bareId = await addPhone({})
})
afterAll(async () => {
  await dialer[Symbol.asyncDispose]()
  await gw[Symbol.asyncDispose]()
})
beforeEach(() => {
  dialer.answer = { state: 'ok' }
  dialer.jobs.length = 0
})

const checksOf = async (id: string) =>
  (await rowsOf(gw.databaseUrl, 'phone_checks')).filter((row) => row['phone_id'] === id)

describe('POST /phones/:id/check', () => {
  it('asks a dialer by ids alone, and says when Exotel took the credentials', async () => {
    const answer = await send('POST', `/phones/${phoneId}/check`)
    const [row] = await checksOf(phoneId)
    const finishedAt = row?.['finished_at']
    expect([answer.status, answer.json]).toEqual([
      200,
      {
        success: true,
        data: {
          check: {
            ok: true,
            checkedAt: finishedAt instanceof Date ? finishedAt.toISOString() : '',
            activeStreams: null,
          },
        },
      },
    ])
    expect(dialer.jobs).toEqual([{ tenantId: gw.tenant.tenantId, checkId: row?.['id'] }])
    const audits = await rowsOf(gw.databaseUrl, 'audit_log')
    expect(audits.filter((audit) => audit['action'] === 'phone.check_asked')).toMatchObject([
      { target_id: phoneId, details: { checkId: row?.['id'] } },
    ])
  })

  it.each([
    [
      { active_streams: 3, stream_limit: 100 },
      { active: 3, limit: 100 },
    ],
    [{ active_streams: 0 }, { active: 0, limit: null }],
  ])('shows the streams of the account: %j', async (told, activeStreams) => {
    dialer.answer = { state: 'ok', ...told }
    const answer = await send('POST', `/phones/${phoneId}/check`)
    expect(answer.json).toMatchObject({ data: { check: { ok: true, activeStreams } } })
  })

  it.each<[CheckAnswer, status: number, error: object, retryAfter?: string]>([
    [
      { state: 'refused', code: 'provider_auth', message: 'whatever' },
      400,
      { code: 'provider_auth', message: 'Invalid Exotel credentials' },
    ],
    [
      { state: 'refused', code: 'provider_forbidden', message: 'KYC incomplete' },
      400,
      {
        code: 'provider_auth',
        message: 'KYC incomplete',
        details: { reason: 'provider_forbidden' },
      },
    ],
    [
      { state: 'failed', code: 'credential_integrity' },
      500,
      { code: 'credential_integrity', message: 'Invalid encrypted data format' },
    ],
    [
      { state: 'failed', code: 'rate_limited', message: 'Slow down.', retry_after_s: 7 },
      429,
      { code: 'rate_limited', message: 'Slow down.' },
      '7',
    ],
    [{ state: 'failed', code: 'unavailable' }, 503, { code: 'unavailable' }, '2'],
  ])('tells of %j', async (stored, status, error, retryAfter) => {
    dialer.answer = stored
    const answer = await send('POST', `/phones/${phoneId}/check`)
    expect([answer.status, answer.json]).toMatchObject([status, { success: false, error }])
    expect(answer.headers['retry-after']).toBe(retryAfter)
  })

  it('gives up in time when no dialer answers', async () => {
    dialer.answer = null
    const answer = await send('POST', `/phones/${phoneId}/check`)
    // Our own sentence: the server, which cuts handlers off a second later, has another.
    const message = 'Exotel could not be asked right now; try again shortly.'
    expect([answer.status, answer.json]).toMatchObject([
      503,
      { error: { code: 'unavailable', message } },
    ])
    expect(answer.headers['retry-after']).toBe('2')
    expect(dialer.jobs).toHaveLength(1)
  })

  it('asks nobody about a phone without credentials', async () => {
    const answer = await send('POST', `/phones/${bareId}/check`)
    expect([answer.status, answer.json]).toMatchObject([
      400,
      {
        error: {
          code: 'no_credentials',
          message: 'No Exotel credentials found for this phone number',
        },
      },
    ])
    expect([await checksOf(bareId), dialer.jobs]).toEqual([[], []])
  })

  it('knows nothing of the phones of another tenant', async () => {
    const answer = await send('POST', `/phones/${phoneId}/check`, undefined, gw.stranger.apiKey)
    expect(answer.status).toBe(404)
  })

  it("is limited for each tenant, so that nobody uses up another's budget by it", async () => {
    const statuses = await Promise.all(
      Array.from({ length: 25 }, () => send('POST', `/phones/${phoneId}/check`)),
    )
    const refused = statuses.filter(({ status }) => status === 429)
    expect(await checksOf(phoneId)).toHaveLength(20)
    expect(refused.length).toBeGreaterThanOrEqual(5)
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0)
    const theirs = await gw.send({
      ...{ method: 'POST', url: '/api/v1/phones', token: gw.stranger.apiKey },
      body: { number: '+918047499999', country: 'IN', exotelConfig: account },
    })
    const path = `/phones/${textAt(theirs, 'phone.id')}/check`
    expect((await send('POST', path, undefined, gw.stranger.apiKey)).status).toBe(200)
  })
})

describe("the install's own account", () => {
  it('serves phones without one as soon as, and as long as, there is one tenant', async () => {
    const agent = await send('POST', '/agents', { name: 'Bot', kind: 'stream' })
    const phone = await addPhone({ agentId: textAt(agent, 'agent.id') })
    const place = (n: number) => send('POST', '/calls', { phoneId: phone, to: `+91987650000${n}` })
    const before = await place(1)
    expect([before.status, before.json]).toMatchObject([400, { error: { code: 'no_credentials' } }])
    await removeTenant(gw.databaseUrl, gw.stranger.tenantId)
    expect((await place(2)).status).toBe(202)
    await gw.provision('another')
    expect((await place(3)).status).toBe(400)
  })
})
