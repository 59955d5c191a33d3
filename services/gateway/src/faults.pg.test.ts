import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eventually, tcpProxy, type TcpProxy } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rowCounts } from './testing/database-rows.ts'
import { fixturesOf, type Fixtures } from './testing/fixtures.ts'
import { gatewayUnderTest, type GatewayUnderTest } from './testing/gateway-under-test.ts'

let opened: AsyncDisposableStack
let gw: GatewayUnderTest
let own: Fixtures
let database: TcpProxy
let slow: RequestListener

async function service(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeAll(async () => {
  opened = new AsyncDisposableStack()
  const ready = await service((_req, res) => res.end('{}'))
  slow = (_req, res) => res.end('{}')
  const wavering = await service((req, res) => {
    slow(req, res)
  })
  gw = opened.use(
    await gatewayUnderTest({
      env: {
        SERVICE_HEALTH_URLS: `dialer=${ready},ingest=${wavering}`,
        INGEST_URL: wavering,
      },
      viaDatabase: async (url) => {
        database = opened.use(await tcpProxy({ target: url }))
        return database.through(url)
      },
    }),
  )
  own = await fixturesOf(gw, gw.tenant.apiKey)
})
afterAll(() => opened.disposeAsync())

const ready = () => gw.send({ method: 'GET', url: '/readyz' })
/** Each of its checks has half a second, which a busy machine may not give it at once. */
const readyOf = async (status: number) => {
  const answer = await ready()
  return answer.status === status ? answer : null
}
const place = (key: string, to: string) =>
  gw.send({
    method: 'POST',
    url: '/api/v1/calls',
    token: gw.tenant.apiKey,
    headers: { 'idempotency-key': key },
    body: { phoneId: own.phones, to },
  })

describe('readiness', () => {
  it('covers stores and services, and names who is not ready', async () => {
    const answer = await eventually(() => readyOf(200))
    expect(answer.json).toEqual({
      status: 'ok',
      checks: { postgres: 'ok', redis: 'ok', keys: 'ok', dialer: 'ok', ingest: 'ok' },
    })
    slow = (_req, res) => {
      res.statusCode = 503
      res.end('{}')
    }
    await expect
      .poll(async () => (await ready()).json)
      .toMatchObject({ checks: { dialer: 'ok', ingest: 'not_ready' } })
    slow = () => undefined
    const late = await ready()
    expect([late.status, late.json]).toMatchObject([503, { status: 'unavailable' }])
    expect(late.text).toMatch(/"ingest":"(unreachable|timeout)"/)
    slow = (_req, res) => res.end('{}')
    await eventually(async () => (await ready()).status === 200)
  })

  it('sees a Redis that is gone; being alive does not', async () => {
    await gw.redis.kill()
    await expect.poll(ready).toMatchObject({ status: 503, json: { checks: { postgres: 'ok' } } })
    expect((await gw.send({ method: 'GET', url: '/healthz' })).status).toBe(200)
    await gw.redis.restart()
    await eventually(async () => (await ready()).status === 200)
  })
})

describe('a database that is away', () => {
  it.each<[string, (proxy: TcpProxy) => void]>([
    [
      'refusing',
      (proxy) => {
        proxy.refuse()
        proxy.cut()
      },
    ],
    ['silent', (proxy) => proxy.stall()],
  ])('and %s means 503 and no row, then goes on', async (how, breakIt) => {
    const before = await rowCounts(gw.databaseUrl)
    breakIt(database)
    const answer = await place(`away-${how}`, '+919822200001')
    database.resume()
    expect([answer.status, answer.headers['retry-after'], answer.json]).toMatchObject([
      503,
      expect.any(String),
      { success: false, error: { code: 'unavailable' } },
    ])
    expect(await rowCounts(gw.databaseUrl)).toEqual(before)
    const again = await eventually(async () => {
      const next = await place(`away-${how}`, '+919822200001')
      return next.status === 503 ? null : next
    })
    expect([again.status, again.headers['idempotent-replayed']]).toEqual([202, undefined])
    const token = gw.tenant.apiKey
    const list = await gw.send({ method: 'GET', url: '/api/v1/calls?limit=1', token })
    const [call] = (list.json as { data: { calls: { id: string }[] } }).data.calls
    await gw.send({ method: 'POST', url: `/api/v1/calls/${call?.id ?? ''}/cancel`, token })
  })
})

describe('the end', () => {
  it('lets a request that is under way finish, and takes no more', async () => {
    const last = await gatewayUnderTest()
    const { email, password } = last.tenant
    // Checking a password takes long enough to be under way when the end comes.
    const login = fetch(`${last.origin}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password }),
    })
    const arrived = once(last.gateway.app.server, 'request')
    await arrived
    const ended = last.gateway[Symbol.asyncDispose]()
    const answer = await login
    expect(answer.status).toBe(200)
    await answer.json()
    await ended
    await expect(fetch(`${last.origin}/healthz`)).rejects.toThrow()
    await last[Symbol.asyncDispose]()
  })
})
