import { macToken, parseMacRing } from '@callwire/crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gatewayUnderTest, textAt, type GatewayUnderTest } from '../testing/gateway-under-test.ts'

let gw: GatewayUnderTest
beforeAll(async () => {
  gw = await gatewayUnderTest()
})
afterAll(() => gw[Symbol.asyncDispose]())

describe('from an API key to a queued call', () => {
  it('imports, assigns, places, shows, receives and cancels', async () => {
    const token = gw.tenant.apiKey
    const agent = await gw.send({
      method: 'POST',
      url: '/api/v1/agents',
      token,
      body: { name: 'Asha', kind: 'human', number: '+91 98111 11111' },
    })
    expect([agent.status, agent.text]).toMatchObject([201, expect.stringContaining('agt_')])
    const phone = await gw.send({
      method: 'POST',
      url: '/api/v1/phones',
      token,
      body: {
        number: '08047112233',
        country: 'IN',
        exotelConfig: {
          apiKey: 'key-canary',
          apiToken: 'token-canary',
          sid: 'acme1',
          subdomain: 'api.exotel.com',
        },
        agentId: textAt(agent, 'agent.id'),
      },
    })
    expect([phone.status, phone.json]).toMatchObject([
      201,
      { data: { phone: { number: '+918047112233', exotelData: { sid: 'acme1' } } } },
    ])
    const placed = await gw.send({
      method: 'POST',
      url: '/api/v1/exotel/calls',
      token,
      headers: { 'idempotency-key': 'one' },
      body: { phoneId: textAt(phone, 'phone.id'), to: '9876543210', metadata: { lead: '42' } },
    })
    expect([placed.status, placed.json]).toMatchObject([
      202,
      {
        data: { call: { status: 'queued', to: '+919876543210', seq: 1, metadata: { lead: '42' } } },
      },
    ])
    const id = textAt(placed, 'call.id')
    const signature = macToken(parseMacRing(gw.keys.CALLBACK_KEYS), 'status-callback', id)
    const callback = await gw.send({
      method: 'POST',
      url: `/api/v1/exotel/webhook/status/${id}/${signature}`,
      body: { CallSid: 'x', Status: 'completed' },
    })
    expect([callback.status, callback.json]).toMatchObject([200, { success: true }])
    const canceled = await gw.send({ method: 'POST', url: `/api/v1/calls/${id}/cancel`, token })
    expect([canceled.status, canceled.json]).toMatchObject([
      200,
      { data: { call: { status: 'canceled' } } },
    ])
    for (const part of ['', '/events', '/transcript', '/receipt']) {
      const read = await gw.send({ method: 'GET', url: `/api/v1/calls/${id}${part}`, token })
      expect([part, read.status, read.text.slice(0, 16)]).toEqual([part, 200, '{"success":true,'])
    }
    const list = await gw.send({ method: 'GET', url: '/api/v1/calls?to=+919876543210', token })
    expect(list.json).toMatchObject({ data: { calls: [{ id }], nextCursor: null } })
  })

  it('signs in', async () => {
    const { email, password } = gw.tenant
    const login = await gw.send({
      method: 'POST',
      url: '/api/v1/auth/login',
      body: { email, password },
    })
    expect([login.status, login.json]).toMatchObject([200, { data: { user: { role: 'owner' } } }])
  })

  it('serves its description', async () => {
    const docs = await gw.send({ method: 'GET', url: '/docs/json' })
    expect([docs.status, docs.json]).toMatchObject([200, { openapi: '3.1.0' }])
    expect((await gw.send({ method: 'GET', url: '/docs' })).status).toBe(200)
    expect((await gw.send({ method: 'GET', url: '/healthz' })).status).toBe(200)
  })
})
