import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rowsOf } from '../../testing/database-rows.ts'
import { fixturesOf, type Fixtures } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  textAt,
  type Answer,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'

type Tenant = { tenantId: string; apiKey: string; own: Fixtures }

let gw: GatewayUnderTest
let tenants: readonly [Tenant, Tenant, Tenant]
beforeAll(async () => {
  gw = await gatewayUnderTest()
  const withOwn = async (made: { tenantId: string; apiKey: string }): Promise<Tenant> => ({
    tenantId: made.tenantId,
    apiKey: made.apiKey,
    own: await fixturesOf(gw, made.apiKey),
  })
  tenants = [
    await withOwn(gw.tenant),
    await withOwn(gw.stranger),
    await withOwn(await gw.provision('third')),
  ]
})
afterAll(() => gw[Symbol.asyncDispose]())

const place = (of: Tenant, to: string, key: string, body: object = {}): Promise<Answer> =>
  gw.send({
    method: 'POST',
    url: '/api/v1/calls',
    token: of.apiKey,
    headers: { 'idempotency-key': key },
    body: { phoneId: of.own.phones, to, ...body },
  })

describe('sixty requests of three tenants at once', () => {
  const person = (i: number) => `+9198115${String(10_000 + i)}`
  let answers: Answer[]
  let ids: string[]
  const ofTenant = (i: number) => [tenants[0], tenants[1]][i % 3] ?? tenants[2]
  /** The rows that these requests have made in a table. */
  const made = async (table: string, id: string) =>
    (await rowsOf(gw.databaseUrl, table)).filter((row) => ids.includes(String(row[id])))

  beforeAll(async () => {
    // Every tenant uses the same keys, and some of the same people.
    answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        place(ofTenant(i), person(Math.floor(i / 3)), `at-once-${Math.floor(i / 3)}`, {
          metadata: { request: String(i) },
        }),
      ),
    )
    ids = answers.map((answer) => textAt(answer, 'call.id'))
  })

  it('are answered each with a call of its own', () => {
    expect(new Set(ids).size).toBe(60)
    for (const [i, { status, headers, json, text }] of answers.entries()) {
      const { own } = ofTenant(i)
      expect([status, headers['idempotent-replayed'], json]).toMatchObject([
        202,
        undefined,
        {
          data: {
            call: {
              phoneId: own.phones,
              agentId: own.agents,
              to: person(Math.floor(i / 3)),
              status: 'queued',
              metadata: { request: String(i) },
            },
          },
        },
      ])
      for (const other of tenants.filter((tenant) => tenant !== ofTenant(i))) {
        for (const id of [other.tenantId, ...Object.values(other.own)]) {
          expect(text).not.toContain(id)
        }
      }
    }
  })

  it('have their rows in their tenant, and in no other', async () => {
    const tenantOf = (id: unknown) => ofTenant(ids.indexOf(String(id))).tenantId
    for (const [table, id] of [
      ['calls', 'id'],
      ['call_heads', 'call_id'],
      ['call_events', 'call_id'],
      ['call_keys', 'call_id'],
      ['audit_log', 'target_id'],
      ['idempotency_keys', 'call_id'],
    ] as const) {
      const rows = await made(table, id)
      expect([table, rows.map((row) => row['tenant_id'])]).toEqual([
        table,
        rows.map((row) => tenantOf(row[id])),
      ])
      expect([table, new Set(rows.map((row) => row[id])).size, rows.length]).toEqual([
        table,
        60,
        60,
      ])
    }
    for (const row of await made('audit_log', 'target_id')) {
      const of = ofTenant(ids.indexOf(String(row['target_id'])))
      expect(row).toMatchObject({ action: 'call.placed', details: { phoneId: of.own.phones } })
    }
  })

  it('are seen by their tenant alone, with an event chain that holds', async () => {
    for (const [i, id] of ids.entries()) {
      const own = ofTenant(i)
      const other = ofTenant(i + 1)
      const get = (token: string, path = '') =>
        gw.send({ method: 'GET', url: `/api/v1/calls/${id}${path}`, token })
      expect([(await get(own.apiKey)).status, (await get(other.apiKey)).status]).toEqual([200, 404])
      const events = (await get(own.apiKey, '/events')).json
      expect(events).toMatchObject({
        data: { events: [{ seq: 1, type: 'call.status', data: { status: 'queued' } }] },
      })
    }
  })

  it('have shared transactions', async () => {
    const sql = postgres(gw.databaseUrl, { max: 1, onnotice: () => undefined })
    try {
      const rows = await sql<{ n: number; tenants: number }[]>`
        select count(*)::int as n, count(distinct tenant_id)::int as tenants
        from app.calls where id = any (${ids}) group by xmin::text order by 1 desc`
      expect(rows.length).toBeLessThan(30)
      expect(rows[0]?.tenants).toBe(3)
    } finally {
      await sql.end({ timeout: 5 })
    }
  })

  it('answer the same once more', async () => {
    const again = await Promise.all(
      answers.map((_, i) =>
        place(ofTenant(i), person(Math.floor(i / 3)), `at-once-${Math.floor(i / 3)}`, {
          metadata: { request: String(i) },
        }),
      ),
    )
    expect(
      again.map(({ status, headers, text }) => [status, headers['idempotent-replayed'], text]),
    ).toEqual(answers.map(({ text }) => [202, 'true', text]))
  })
})

describe('requests at once that do not agree', () => {
  const told = ({ status, headers, json }: Answer) => [
    status,
    headers['retry-after'],
    (json as { error?: unknown }).error ?? null,
  ]

  it('are told each what they would be told alone', async () => {
    const [own] = tenants
    const post = (url: string, body: object) =>
      gw.send({ method: 'POST', url: `/api/v1${url}`, token: own.apiKey, body })
    const [listed, called, wanted] = ['+919811600001', '+919811600002', '+919811600003'] as const
    const neverCallId = textAt(
      await post('/never-call', { number: listed, reason: 'Asked' }),
      'neverCall.id',
    )
    const live = textAt(await place(own, called, 'live before'), 'call.id')
    const neighbours = Array.from({ length: 10 }, (_, i) => `+9198116${String(10_010 + i)}`)
    const [onList, isLive, first, second, insisting, ...rest] = await Promise.all([
      place(own, listed, 'listed'),
      place(own, called, 'live'),
      place(own, wanted, 'wanted-1'),
      place(own, wanted, 'wanted-2'),
      place(own, wanted, 'wanted-3', { allowConcurrent: true }),
      ...neighbours.map((to, i) => place(own, to, `neighbour-${i}`)),
    ])
    expect(told(onList)).toMatchObject([
      422,
      undefined,
      {
        code: 'never_call',
        message: 'This number is on the never-call list; it can be called once it was taken off.',
        details: { neverCallId, expiresAt: null },
      },
    ])
    expect(told(isLive)).toMatchObject([
      409,
      undefined,
      {
        code: 'call_already_live',
        message: 'This person is being called already.',
        details: { callId: live },
      },
    ])
    expect([insisting, ...rest].map(({ status }) => status)).toEqual([
      202,
      ...neighbours.map(() => 202),
    ])
    // Whoever insists may have been there before both.
    const placed = [first, second].filter(({ status }) => status === 202)
    expect(placed.length).toBeLessThan(2)
    const lives = [...placed, insisting].map((answer) => textAt(answer, 'call.id'))
    for (const answer of [first, second].filter((one) => !placed.includes(one))) {
      const [status, , error] = told(answer)
      expect([status, error]).toMatchObject([409, { code: 'call_already_live' }])
      expect(lives).toContain((error as { details: { callId: string } }).details.callId)
    }
  })
})
