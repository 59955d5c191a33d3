import { verifyChain } from '@callwire/ledger'
import type { CallEvent } from '@callwire/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeRow, databaseText, rowsOf } from '../../testing/database-rows.ts'
import { fixturesOf, type Fixtures } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  textAt,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'

let gw: GatewayUnderTest
let own: Fixtures
let masked: string
beforeAll(async () => {
  gw = await gatewayUnderTest()
  own = await fixturesOf(gw, gw.tenant.apiKey)
  const scopes = ['calls:read', 'calls:place', 'transcripts:read', 'agents:read', 'agents:write']
  const key = await gw.send({
    method: 'POST',
    url: '/api/v1/api-keys',
    token: gw.tenant.apiKey,
    body: { name: 'without pii', scopes },
  })
  masked = textAt(key, 'apiKey.secret')
})
afterAll(() => gw[Symbol.asyncDispose]())

const get = (path: string, token = gw.tenant.apiKey) =>
  gw.send({ method: 'GET', url: `/api/v1${path}`, token })

let keys = 0
const place = (to: string, o: { token?: string; body?: object } = {}) =>
  gw.send({
    method: 'POST',
    url: '/api/v1/calls',
    token: o.token ?? gw.tenant.apiKey,
    headers: { 'idempotency-key': `calls-${(keys += 1)}` },
    body: { phoneId: own.phones, to, ...o.body },
  })

describe('the other person’s number', () => {
  it('is sealed at rest, masked for most, clear for few, and each look is on record', async () => {
    const to = '+919844412345'
    const placed = await place(to, { token: masked, body: { metadata: { name: 'secret-words' } } })
    const id = textAt(placed, 'call.id')
    expect(textAt(placed, 'call.to')).toBe('+9198********')
    expect(textAt(await get(`/calls/${id}`, masked), 'call.to')).toBe('+9198********')
    const reveals = async () =>
      (await rowsOf(gw.databaseUrl, 'audit_log')).filter((row) => row['action'] === 'pii.read')
    const before = await reveals()
    expect(textAt(await get(`/calls/${id}`), 'call.to')).toBe(to)
    await get('/calls')
    const since = (await reveals()).slice(before.length)
    expect(since).toMatchObject([
      { actor_id: expect.stringMatching(/^key_/) as string, target_id: id },
      { details: { callIds: expect.stringContaining(id) as string } },
    ])
    const text = await databaseText(gw.databaseUrl)
    expect(text).not.toContain('9844412345')
    expect(text).not.toContain('secret-words')
    expect(gw.logs.text()).not.toContain('9844412345')
  })

  it.each(['+919844400001', '919844400001', '09844400001', '98444 00001'])(
    'finds its calls as %s',
    async (spelling) => {
      await place('+919844400001', { body: { allowConcurrent: true } })
      const list = await get(`/calls?to=${spelling}`)
      expect(list.text).toContain('+919844400001')
      expect(list.text).not.toContain('+919844412345')
    },
  )

  it('of an agent is masked as well', async () => {
    const agent = await gw.send({
      method: 'POST',
      url: '/api/v1/agents',
      token: masked,
      body: { name: 'Asha', kind: 'human', number: '09811111111' },
    })
    expect(textAt(agent, 'agent.number')).toBe('+9198********')
    expect(textAt(await get(`/agents/${textAt(agent, 'agent.id')}`), 'agent.number')).toBe(
      '+919811111111',
    )
  })
})

describe('a list', () => {
  it('goes through all pages without a repeat, whatever is added meanwhile', async () => {
    const ids = new Set<string>()
    for (let i = 0; i < 5; i += 1) {
      ids.add(textAt(await place(`+9198555${String(10_000 + i)}`), 'call.id'))
    }
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`
      const page = (await get(`/calls?limit=2${query}`)).json as {
        data: { calls: { id: string }[]; nextCursor: string | null }
      }
      seen.push(...page.data.calls.map((call) => call.id))
      cursor = page.data.nextCursor
      await place(`+9198556${String(10_000 + seen.length)}`)
    } while (cursor !== null)
    expect(new Set(seen).size).toBe(seen.length)
    for (const id of ids) expect(seen).toContain(id)
    expect(seen).toEqual(seen.toSorted().reverse())
  })

  it('is narrowed by status and phone', async () => {
    expect((await get('/calls?status=completed')).json).toMatchObject({ data: { calls: [] } })
    expect((await get(`/calls?status=queued&phoneId=${own.phones}&limit=1`)).json).toMatchObject({
      data: { calls: [{ status: 'queued', phoneId: own.phones }] },
    })
    expect((await get('/calls?sid=nothing')).json).toMatchObject({ data: { calls: [] } })
  })
})

describe('a call', () => {
  it('keeps what it was asked for', async () => {
    const dueAt = new Date(Date.now() + 30 * 86_400_000)
    const inIndia = new Date(dueAt.getTime() + 19_800_000).toISOString()
    const scheduleAt = inIndia.replace('Z', '+05:30')
    const body = { scheduleAt, priority: 9, record: true, timeLimit: 60, metadata: { a: 'b' } }
    const call = await place('+919855599999', { body })
    expect(call.json).toMatchObject({
      data: {
        call: {
          direction: 'outbound',
          agentId: own.agents,
          scheduleAt: dueAt.toISOString(),
          metadata: { a: 'b' },
          seq: 1,
        },
      },
    })
    const rows = await rowsOf(gw.databaseUrl, 'calls')
    expect(rows.find((row) => row['id'] === textAt(call, 'call.id'))).toMatchObject({
      priority: 9,
      record: true,
      time_limit_seconds: 60,
      due_at: dueAt,
    })
  })

  it('shows what Exotel told of its sides, and a repeated request does not', async () => {
    const headers = { 'idempotency-key': 'calls-legs' }
    const send = () =>
      gw.send({
        ...{ method: 'POST', url: '/api/v1/calls', token: masked, headers },
        body: { phoneId: own.phones, to: '+919855599998' },
      })
    const first = await send()
    const id = textAt(first, 'call.id')
    const legs = [
      { status: 'completed', seconds: 41, answeredBy: 'human', cause: 'normal_clearing' },
      { status: null, seconds: null, answeredBy: null, cause: null },
    ]
    expect((await get(`/calls/${id}`)).text).not.toContain('legs')
    await changeRow(gw.databaseUrl, 'calls', id, { legs, duration_seconds: 39 })
    expect((await get(`/calls/${id}`, masked)).json).toMatchObject({
      data: { call: { legs, durationSeconds: 39 } },
    })
    expect((await send()).json).toEqual(first.json)
  })

  it('that is canceled before the dial ends with a proof', async () => {
    const id = textAt(await place('+919855500001'), 'call.id')
    expect((await get(`/calls/${id}/receipt`)).json).toMatchObject({
      data: { receipt: null, commits: [expect.any(String)], complete: false },
    })
    const cancel = () =>
      gw.send({ method: 'POST', url: `/api/v1/calls/${id}/cancel`, token: masked })
    const canceled = await cancel()
    expect(canceled.json).toMatchObject({
      data: { call: { status: 'canceled', to: '+9198********', reason: { code: 'canceled' } } },
    })
    const again = await cancel()
    expect([again.status, again.json]).toMatchObject([409, { error: { code: 'cannot_cancel' } }])
    const read = await get(`/calls/${id}/events?after=0`)
    const { events } = (read.json as { data: { events: CallEvent[] } }).data
    expect(events.map((event) => [event.seq, event.type])).toEqual([
      [1, 'call.status'],
      [2, 'call.status'],
      [3, 'call.receipt'],
    ])
    expect(verifyChain(id, events)).toMatchObject({ ok: true })
    const proof = await get(`/calls/${id}/receipt`)
    expect(proof.json).toMatchObject({
      data: { receipt: { events: 2, hash: events[1]?.hash }, complete: true },
    })
    expect((await get(`/calls/${id}/events?after=2&limit=500`)).json).toMatchObject({
      data: { events: [{ seq: 3 }] },
    })
    expect((await get(`/calls/${id}/transcript`)).json).toMatchObject({ data: { utterances: [] } })
  })
})

describe('tokens', () => {
  it('for the media socket name a phone or a call of one’s own', async () => {
    for (const body of [{ phoneId: own.phones }, { callId: own.calls }]) {
      const token = gw.tenant.apiKey
      const made = await gw.send({ method: 'POST', url: '/api/v1/ingest-tokens', token, body })
      expect([made.status, textAt(made, 'ingestToken.url')]).toEqual([
        201,
        'wss://calls.example/v1/ingest',
      ])
      const [, payload = ''] = textAt(made, 'ingestToken.token').split('.')
      expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
        aud: 'ingest',
        role: 'ingest',
        sub: Object.values(body)[0],
        tid: gw.tenant.tenantId,
      })
    }
  })

  it('for a browser are tickets of one minute', async () => {
    const url = '/api/v1/copilot/tickets'
    const made = await gw.send({ method: 'POST', url, token: masked })
    expect([made.status, made.json]).toMatchObject([201, { data: { expiresIn: 60 } }])
    expect(textAt(made, 'ticket')).toMatch(/^cwt_[\w-]{43}$/)
  })
})

describe('settings', () => {
  it('are the tenant’s own', async () => {
    const patch = await gw.send({
      method: 'PATCH',
      url: '/api/v1/settings',
      token: gw.tenant.apiKey,
      body: { dialingPaused: true },
    })
    expect(patch.json).toMatchObject({ data: { settings: { dialingPaused: true } } })
    const theirs = await get('/settings', gw.stranger.apiKey)
    expect(theirs.json).toMatchObject({ data: { settings: { dialingPaused: false } } })
  })
})
