import { blindIndex, parseContentRing } from '@callwire/crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeRows, rowsOf } from '../../testing/database-rows.ts'
import { fixturesOf, type Fixtures } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  masterKey,
  signIn,
  textAt,
  type Answer,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'
import { fingerprintOf } from './fingerprint.ts'

let gw: GatewayUnderTest
let own: Fixtures
let session: string
beforeAll(async () => {
  gw = await gatewayUnderTest()
  own = await fixturesOf(gw, gw.tenant.apiKey)
  session = await signIn(gw)
})
afterAll(() => gw[Symbol.asyncDispose]())

type Options = { key?: string; token?: string; url?: string; body?: object }

const place = (to: string, o: Options = {}): Promise<Answer> =>
  gw.send({
    method: 'POST',
    url: o.url ?? '/api/v1/exotel/calls',
    token: o.token ?? gw.tenant.apiKey,
    headers: o.key === undefined ? {} : { 'idempotency-key': o.key },
    body: { phoneId: own.phones, to, ...o.body },
  })

const codeOf = (answer: Answer) =>
  (answer.json as { error?: { code: string } }).error?.code ?? 'none'

async function callsTo(to: string): Promise<number> {
  const list = await gw.send({
    method: 'GET',
    url: `/api/v1/calls?to=${encodeURIComponent(to)}`,
    token: gw.tenant.apiKey,
  })
  return (list.json as { data: { calls: unknown[] } }).data.calls.length
}

const storeFingerprint = (key: string, fingerprint: string) =>
  changeRows(gw.databaseUrl, 'idempotency_keys', { key }, { fingerprint })

describe('an idempotency key', () => {
  it('makes one call of twenty requests at once', async () => {
    const to = '+919811100001'
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        place(i % 2 === 0 ? to : '098111 00001', {
          key: 'burst',
          url: i % 3 === 0 ? '/api/v1/calls' : '/api/v1/exotel/calls',
        }),
      ),
    )
    const outcomes = answers.map((answer) =>
      answer.status === 202
        ? answer.headers['idempotent-replayed'] === 'true'
          ? 'replayed'
          : 'placed'
        : codeOf(answer),
    )
    expect(outcomes.filter((outcome) => outcome === 'placed')).toHaveLength(1)
    for (const outcome of outcomes) {
      expect(['placed', 'replayed', 'idempotency_in_progress']).toContain(outcome)
    }
    const bodies = answers.filter((answer) => answer.status === 202).map((answer) => answer.text)
    expect(new Set(bodies).size).toBe(1)
    expect(await callsTo(to)).toBe(1)
  })

  it('answers the same when the call has moved on, and when its phone is gone', async () => {
    const phone = await fixturesOf(gw, gw.tenant.apiKey)
    const scheduleAt = new Date(Date.now() + 86_400_000).toISOString()
    const body = { phoneId: phone.phones, metadata: { a: '1' }, scheduleAt }
    const first = await place('+919811100002', { key: 'later', body })
    const id = textAt(first, 'call.id')
    const token = gw.tenant.apiKey
    await gw.send({ method: 'POST', url: `/api/v1/calls/${id}/cancel`, token })
    await gw.send({ method: 'DELETE', url: `/api/v1/phones/${phone.phones}`, token })
    const again = await place('+919811100002', { key: 'later', body })
    expect([again.status, again.headers['idempotent-replayed'], again.text]).toEqual([
      202,
      'true',
      first.text,
    ])
  })

  it('is refused with another body', async () => {
    await place('+919811100003', { key: 'taken' })
    const other = await place('+919811100004', { key: 'taken' })
    expect([other.status, codeOf(other)]).toEqual([422, 'idempotency_mismatch'])
    expect(await callsTo('+919811100004')).toBe(0)
  })

  it('is another one for another tenant', async () => {
    const theirs = await fixturesOf(gw, gw.stranger.apiKey)
    await place('+919811100005', { key: 'mine' })
    const answer = await place('+919811100006', {
      key: 'mine',
      token: gw.stranger.apiKey,
      body: { phoneId: theirs.phones },
    })
    expect([answer.status, answer.headers['idempotent-replayed']]).toEqual([202, undefined])
  })

  it('is not used up by a refused request', async () => {
    const refused = await place('not a number', { key: 'retry' })
    expect(refused.status).toBe(400)
    expect((await place('+919811100007', { key: 'retry' })).status).toBe(202)
  })

  it('counts as never used after its seven days, whether or not it was swept away', async () => {
    const day = 86_400_000
    const aged = (ms: number) =>
      changeRows(
        gw.databaseUrl,
        'idempotency_keys',
        { key: 'aged' },
        { created_at: new Date(Date.now() - ms).toISOString() },
      )
    const body = { allowConcurrent: true }
    const first = await place('+919811100040', { key: 'aged', body })
    const callId = textAt(first, 'call.id')
    const token = gw.tenant.apiKey
    await gw.send({ method: 'POST', url: `/api/v1/calls/${callId}/cancel`, token })
    await aged(7 * day - 60_000)
    const within = await place('+919811100040', { key: 'aged', body })
    expect([within.headers['idempotent-replayed'], within.text]).toEqual(['true', first.text])
    await aged(7 * day + 60_000)
    const after = await place('+919811100041', { key: 'aged', body })
    expect([after.status, after.headers['idempotent-replayed']]).toEqual([202, undefined])
    const again = await place('+919811100041', { key: 'aged', body })
    expect([again.headers['idempotent-replayed'], again.text]).toEqual(['true', after.text])
  })

  it('is required of programs and optional for people', async () => {
    const program = await place('+919811100008')
    expect([program.status, codeOf(program)]).toEqual([400, 'idempotency_key_required'])
    expect((await place('+919811100008', { token: session })).status).toBe(202)
  })

  it.each([
    ['', 400],
    ['x'.repeat(256), 400],
    ['x'.repeat(255), 202],
  ])('has 1 to 255 characters: %s', async (key, status) => {
    const answer = await place('+919811100009', { key, body: { allowConcurrent: true } })
    expect(answer.status).toBe(status)
  })

  it('is kept with its request sealed, under a key that the row names', async () => {
    const rows = await rowsOf(gw.databaseUrl, 'idempotency_keys')
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) {
      expect([row['fingerprint'], row['kid']]).toEqual([expect.stringMatching(/^cw1d\.k1\./), 'k1'])
    }
  })

  it('opens only in the row it was sealed for', async () => {
    const first = await place('+919811100030', { key: 'one row' })
    await place('+919811100031', { key: 'another row' })
    const rows = await rowsOf(gw.databaseUrl, 'idempotency_keys')
    const stored = String(rows.find((row) => row['key'] === 'another row')?.['fingerprint'])
    await storeFingerprint('one row', stored)
    const again = await place('+919811100030', { key: 'one row' })
    expect([first.status, again.status, codeOf(again)]).toEqual([202, 500, 'internal'])
    expect(await callsTo('+919811100030')).toBe(1)
  })
})

describe('an idempotency key of the former form', () => {
  const to = '+919811100032'
  const formerForm = (key: string) => {
    const [entry] = blindIndex(
      parseContentRing(key),
      { purpose: 'idempotency-fingerprint', tenantId: gw.tenant.tenantId },
      fingerprintOf({ phoneId: own.phones, to }, to),
    )
    return entry ?? ''
  }

  it('is compared as long as its key is held', async () => {
    const first = await place(to, { key: 'former' })
    await storeFingerprint('former', formerForm(gw.keys.CONTENT_KEYS))
    const again = await place(to, { key: 'former' })
    expect([again.status, again.headers['idempotent-replayed'], again.text]).toEqual([
      202,
      'true',
      first.text,
    ])
    const other = await place('+919811100033', { key: 'former' })
    expect([other.status, codeOf(other)]).toEqual([422, 'idempotency_mismatch'])
  })

  it('gets the first answer, and never another call, once its key is gone', async () => {
    await storeFingerprint('former', formerForm(masterKey('k0')))
    for (const person of [to, '+919811100033']) {
      const again = await place(person, { key: 'former' })
      expect([again.status, again.headers['idempotent-replayed']]).toEqual([202, 'true'])
    }
    expect([await callsTo(to), await callsTo('+919811100033')]).toEqual([1, 0])
  })
})

describe('a person who is being called', () => {
  it('is not called twice, however many ask at once', async () => {
    const to = '+919811100010'
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => place(to, { key: `person-${i}` })),
    )
    const placed = answers.filter((answer) => answer.status === 202)
    expect(placed).toHaveLength(1)
    const [only] = placed
    const callId = only === undefined ? '' : textAt(only, 'call.id')
    for (const answer of answers.filter((other) => other !== only)) {
      expect([answer.status, answer.json]).toMatchObject([
        409,
        { error: { code: 'call_already_live', details: { callId } } },
      ])
    }
  })

  it('is called again once that call has ended, or when the caller insists', async () => {
    const to = '+919811100011'
    const first = textAt(await place(to, { key: 'a' }), 'call.id')
    expect((await place(to, { key: 'b', body: { allowConcurrent: true } })).status).toBe(202)
    expect((await place(to, { key: 'c' })).status).toBe(409)
    const token = gw.tenant.apiKey
    const list = await gw.send({
      method: 'GET',
      url: `/api/v1/calls?status=queued&to=${encodeURIComponent(to)}`,
      token,
    })
    const { calls } = (list.json as { data: { calls: { id: string }[] } }).data
    expect(calls).toContainEqual(expect.objectContaining({ id: first }))
    for (const { id } of calls) {
      await gw.send({ method: 'POST', url: `/api/v1/calls/${id}/cancel`, token })
    }
    expect((await place(to, { key: 'd' })).status).toBe(202)
  })

  it('of another tenant is somebody else', async () => {
    const theirs = await fixturesOf(gw, gw.stranger.apiKey)
    const to = '+919811100012'
    const o = { token: gw.stranger.apiKey, body: { phoneId: theirs.phones } }
    expect((await place(to, { key: 'ours' })).status).toBe(202)
    expect((await place(to, { key: 'theirs', ...o })).status).toBe(202)
  })
})

describe('without Redis', () => {
  it('calls are taken all the same, and tickets are not', async () => {
    await gw.redis.kill()
    expect((await place('+919811100020', { key: 'no-redis' })).status).toBe(202)
    const token = gw.tenant.apiKey
    const ticket = await gw.send({ method: 'POST', url: '/api/v1/copilot/tickets', token })
    expect([ticket.status, ticket.headers['retry-after'], codeOf(ticket)]).toEqual([
      503,
      expect.any(String),
      'unavailable',
    ])
    await gw.redis.restart()
  })
})
