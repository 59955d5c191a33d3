import { openCredential, parseOpenRing } from '@callwire/crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeRow, databaseText, rowsOf } from '../../testing/database-rows.ts'
import { account } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  textAt,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'

let gw: GatewayUnderTest
beforeAll(async () => {
  gw = await gatewayUnderTest()
})
afterAll(() => gw[Symbol.asyncDispose]())

const send = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object) =>
  gw.send({
    method,
    url: `/api/v1/phones${path}`,
    token: gw.tenant.apiKey,
    ...(body === undefined ? {} : { body }),
  })

let lastNumber = 8047300000
const freshNumber = () => `+91${(lastNumber += 1)}`

describe('import', () => {
  it('takes an account whole or not at all', async () => {
    const answer = await send('POST', '', {
      number: freshNumber(),
      country: 'IN',
      exotelConfig: null,
    })
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringContaining('body.exotelConfig'),
    ])
  })

  it.each(['123', 'abc', '+91', '+919876543210 ext. 5', '+9198765432101234567'])(
    'refuses the number %s',
    async (number) => {
      const answer = await send('POST', '', { number, country: 'IN' })
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('body.number')])
    },
  )

  it('seals to phone, host, account and version; replaces on the second import', async () => {
    const number = freshNumber()
    const first = await send('POST', '', { number, country: 'IN', exotelConfig: account })
    const phoneId = textAt(first, 'phone.id')
    expect(first.status).toBe(201)
    const config = { ...account, apiKey: 'second-key' }
    const second = await send('POST', '', {
      number: number.replace('+91', '0'),
      country: 'IN',
      exotelConfig: config,
      tags: ['moved'],
    })
    expect([second.status, second.json]).toMatchObject([
      200,
      { data: { phone: { id: phoneId, tags: ['moved'] } } },
    ])
    const rows = await rowsOf(gw.databaseUrl, 'phone_credentials')
    const row = rows.find((candidate) => candidate['phone_id'] === phoneId)
    const ring = parseOpenRing(gw.keys.CREDENTIAL_OPEN_KEYS)
    const context = {
      purpose: 'exotel-credentials',
      tenantId: gw.tenant.tenantId,
      rowId: phoneId,
      field: 'apiKey',
      host: account.subdomain,
      sid: account.sid,
      version: 2,
    }
    expect(row?.['version']).toBe(2)
    const sealed = String(row?.['enc_api_key'])
    expect(openCredential(ring, context, sealed)).toBe('second-key')
    for (const change of [{ version: 1 }, { host: 'x' }, { sid: 'x' }, { field: 'apiToken' }]) {
      expect(() => openCredential(ring, { ...context, ...change }, sealed)).toThrow()
    }
  })

  it('makes one phone of many imports at once', async () => {
    const number = freshNumber()
    const answers = await Promise.all(
      Array.from({ length: 6 }, () =>
        send('POST', '', { number, country: 'IN', exotelConfig: account }),
      ),
    )
    const statuses = answers.map((answer) => answer.status).sort()
    expect(statuses).toEqual([200, 200, 200, 200, 200, 201])
  })

  it('without credentials is a conflict the second time', async () => {
    const number = freshNumber()
    const first = await send('POST', '', { number, country: 'IN' })
    expect(first.json).toMatchObject({ data: { phone: { exotelData: null } } })
    const second = await send('POST', '', { number, country: 'IN' })
    expect([second.status, second.json]).toMatchObject([
      409,
      { error: { code: 'conflict', details: { phoneId: textAt(first, 'phone.id') } } },
    ])
  })

  it('of a number that another tenant has tells nothing of it', async () => {
    const number = freshNumber()
    await send('POST', '', { number, country: 'IN' })
    const theirs = await gw.send({
      method: 'POST',
      url: '/api/v1/phones',
      token: gw.stranger.apiKey,
      body: { number, country: 'IN' },
    })
    expect(theirs.status).toBe(201)
  })
})

describe('a phone', () => {
  it('keeps its credentials out of every answer, log line and column', async () => {
    const imported = await send('POST', '', {
      number: freshNumber(),
      country: 'IN',
      exotelConfig: account,
    })
    const id = textAt(imported, 'phone.id')
    const answers = [
      imported,
      await send('PUT', `/${id}/credentials`, account),
      await send('GET', `/${id}`),
      await send('GET', ''),
      await send('PATCH', `/${id}`, { keepRecording: true }),
      await send('POST', `/${id}/breaker/reset`),
      await send('PUT', `/${id}/credentials`, { ...account, subdomain: 'evil.example' }),
      await send('PUT', `/${id}/credentials`, { ...account, extra: 1 }),
      await gw.send({ method: 'GET', url: '/api/v1/audit', token: gw.tenant.apiKey }),
    ]
    expect(answers.map((answer) => answer.status)).toEqual([
      201, 200, 200, 200, 200, 200, 400, 400, 200,
    ])
    const sinks = {
      answers: answers.map((answer) => answer.text).join('\n'),
      logs: gw.logs.text(),
      database: await databaseText(gw.databaseUrl),
    }
    for (const secret of [account.apiKey, account.apiToken]) {
      const bytes = Buffer.from(secret)
      const forms = [
        secret,
        bytes.toString('base64'),
        bytes.toString('base64url'),
        bytes.toString('hex'),
        encodeURIComponent(secret),
        JSON.stringify(secret).slice(1, -1),
      ]
      for (const form of forms) {
        for (const [sink, text] of Object.entries(sinks)) {
          expect([sink, text.includes(form)]).toEqual([sink, false])
        }
      }
    }
  })

  it('has its breaker closed by new credentials, whichever way they come', async () => {
    const number = freshNumber()
    const body = { number, country: 'IN', exotelConfig: account }
    const id = textAt(await send('POST', '', body), 'phone.id')
    const ways = [() => send('PUT', `/${id}/credentials`, account), () => send('POST', '', body)]
    for (const replace of ways) {
      const opened = { auth_failures: 2, breaker_opened_at: new Date() }
      await changeRow(gw.databaseUrl, 'phones', id, opened)
      const open = await send('GET', `/${id}`)
      expect(open.json).toMatchObject({ data: { phone: { breaker: { open: true } } } })
      const closed = await replace()
      expect(closed.json).toMatchObject({
        data: { phone: { breaker: { open: false, openedAt: null } } },
      })
      expect((await send('GET', `/${id}`)).json).toEqual(closed.json)
    }
  })

  it('takes its waiting calls with it when it is deleted', async () => {
    const token = gw.tenant.apiKey
    const agent = await gw.send({
      method: 'POST',
      url: '/api/v1/agents',
      token,
      body: { name: 'Bot', kind: 'stream' },
    })
    const id = textAt(
      await send('POST', '', {
        ...{ number: freshNumber(), country: 'IN', exotelConfig: account },
        agentId: textAt(agent, 'agent.id'),
      }),
      'phone.id',
    )
    const scheduleAt = new Date(Date.now() + 30 * 86_400_000)
    const placed = await gw.send({
      method: 'POST',
      url: '/api/v1/calls',
      token,
      headers: { 'idempotency-key': 'far away' },
      body: { phoneId: id, to: '+919876500077', scheduleAt: scheduleAt.toISOString() },
    })
    await send('DELETE', `/${id}`)
    const dueAt = async () => {
      const rows = await rowsOf(gw.databaseUrl, 'calls')
      const row = rows.find((candidate) => candidate['id'] === textAt(placed, 'call.id'))
      return row?.['due_at'] instanceof Date ? row['due_at'].getTime() : 0
    }
    // From here on it is due, and a dialer fails it for the phone that is gone.
    await expect.poll(dueAt).toBeLessThan(scheduleAt.getTime())
  })

  it('is erased with its credentials, and may come again', async () => {
    const number = freshNumber()
    const body = { number, country: 'IN', exotelConfig: account }
    const id = textAt(await send('POST', '', body), 'phone.id')
    const made = await send('POST', `/${id}/ingest-credentials`)
    expect((await send('DELETE', `/${id}`)).status).toBe(204)
    expect((await send('GET', `/${id}`)).status).toBe(404)
    const text = await databaseText(gw.databaseUrl)
    expect(text).not.toContain(textAt(made, 'ingestCredentials.key'))
    for (const gone of ['PUT', 'POST'] as const) {
      const path = gone === 'PUT' ? `/${id}/credentials` : `/${id}/check`
      expect((await send(gone, path, gone === 'PUT' ? account : undefined)).status).toBe(404)
    }
    const rows = await rowsOf(gw.databaseUrl, 'phone_credentials')
    expect(rows.filter((row) => row['phone_id'] === id)).toEqual([])
    const again = await send('POST', '', body)
    expect([again.status, textAt(again, 'phone.id') === id]).toEqual([201, false])
  })

  it('gets credentials for its media socket, kept as hashes', async () => {
    const imported = await send('POST', '', { number: freshNumber(), country: 'IN' })
    const id = textAt(imported, 'phone.id')
    const made = await send('POST', `/${id}/ingest-credentials`)
    const at = (name: string) => textAt(made, `ingestCredentials.${name}`)
    expect(at('url')).toBe(`wss://${at('key')}:${at('token')}@calls.example/v1/ingest`)
    expect(at('resolveUrl')).toMatch(/^https:\/\/calls\.example\/v1\/ingest\/resolve\/[\w-]{32}$/)
    const text = await databaseText(gw.databaseUrl)
    expect(text).toContain(at('key'))
    expect(text).not.toContain(at('token'))
    expect(text).not.toContain(at('resolveUrl').split('/').at(-1))
  })

  it('takes agents of its own tenant, lets go of a deleted one, and says what a call lacks', async () => {
    const token = gw.tenant.apiKey
    const imported = await send('POST', '', { number: freshNumber(), country: 'IN' })
    const id = textAt(imported, 'phone.id')
    const place = async () => {
      const answer = await gw.send({
        method: 'POST',
        url: '/api/v1/calls',
        token,
        headers: { 'idempotency-key': 'lacking' },
        body: { phoneId: id, to: '+919876500001' },
      })
      return [answer.status, answer.json]
    }
    const noAgent = { code: 'no_agent_assigned', message: 'No agent assigned to this phone number' }
    expect(await place()).toMatchObject([400, { error: noAgent }])
    const body = { name: 'Stream', kind: 'stream' }
    const agent = await gw.send({ method: 'POST', url: '/api/v1/agents', token, body })
    const agentId = textAt(agent, 'agent.id')
    const patched = await send('PATCH', `/${id}`, { agentId })
    expect(patched.json).toMatchObject({ data: { phone: { agentId } } })
    const message = 'No Exotel credentials found for this phone number'
    expect(await place()).toMatchObject([400, { error: { code: 'no_credentials', message } }])
    await gw.send({ method: 'DELETE', url: `/api/v1/agents/${agentId}`, token })
    expect((await send('GET', `/${id}`)).json).toMatchObject({ data: { phone: { agentId: null } } })
  })
})
