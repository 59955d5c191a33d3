import { once } from 'node:events'
import { connect } from 'node:net'
import type { Principal } from '@callwire/accounts'
import { eventually } from '@callwire/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ok } from './http/reply.ts'
import { route } from './http/route.ts'
import { edgeUnderTest } from './testing/edge-under-test.ts'

let opened: AsyncDisposableStack
beforeEach(() => {
  opened = new AsyncDisposableStack()
})
afterEach(() => opened.disposeAsync())

const upstream = { host: '127.0.0.1', port: 1 }
const body = z.strictObject({
  success: z.literal(true),
  data: z.strictObject({ shown: z.string() }),
})
const open = route({
  method: 'GET',
  path: '/open',
  access: 'public',
  tag: 'test',
  summary: 'For everybody',
  replies: { 200: body },
  handle: () => Promise.resolve(ok(200, { shown: 'yes' })),
})
const closed = route({
  method: 'GET',
  path: '/closed',
  access: 'calls:read',
  tag: 'test',
  summary: 'For some',
  replies: { 200: body },
  handle: () => Promise.resolve(ok(200, { shown: 'yes' })),
})

const somebody = (id: string): Principal => ({
  kind: 'api_key',
  tenantId: 'ten_1',
  id,
  sessionId: null,
  role: 'api',
  permissions: new Set(['calls:read']),
  mustChangePassword: false,
})

async function start(o: Partial<Parameters<typeof edgeUnderTest>[0]> = {}) {
  const gw = opened.use(await edgeUnderTest({ upstream, routes: [open, closed], ...o }))
  const origin = `http://127.0.0.1:${gw.port}`
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${origin}${path}`, { headers })
  return { ...gw, origin, get }
}

async function bytes(port: number, text: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  opened.defer(() => {
    socket.destroy()
  })
  let received = ''
  socket.on('data', (data: Buffer) => {
    received += data.toString()
  })
  socket.write(text)
  await once(socket, 'close')
  return received
}

describe('boot', () => {
  it('is refused when a route declares no access', async () => {
    const forgetful = { ...open, access: undefined as unknown as 'public' }
    await expect(edgeUnderTest({ upstream, routes: [forgetful] })).rejects.toMatchObject({
      code: 'route_without_access',
    })
  })
})

describe('answers', () => {
  it.each([
    ['an unknown route', '/api/v1/nothing', 404, 'not_found'],
    ['an unknown place', '/wp-admin', 404, 'not_found'],
    ['an address that cannot be decoded', '/api/v1/%zz', 400, 'validation_failed'],
    ['a method the route does not have', '/api/v1/closed/more', 404, 'not_found'],
  ])('%s in the envelope', async (_what, path, status, code) => {
    const gw = await start()
    const answer = await gw.get(path)
    expect([answer.status, await answer.json()]).toMatchObject([
      status,
      { success: false, error: { code, requestId: expect.stringMatching(/^req_/) as string } },
    ])
  })

  it('what is no HTTP in the envelope', async () => {
    const gw = await start()
    const answer = await bytes(gw.port, 'NONSENSE\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*"code":"validation_failed"/)
  })

  it('nothing that a schema does not allow', async () => {
    const leaky = route({
      ...{ method: 'GET', path: '/leaky', access: 'public', tag: 'test', summary: 'x' },
      replies: { 200: body },
      handle: () => {
        const data = { shown: 'yes', hidden: 'secret-canary' }
        return Promise.resolve(ok(200, data))
      },
    })
    const gw = await start({ routes: [leaky] })
    const answer = await gw.get('/api/v1/leaky')
    const text = await answer.text()
    expect([answer.status, text]).toEqual([500, expect.stringContaining('"code":"internal"')])
    expect(text).not.toContain('secret-canary')
  })

  it('keeps caches and frames away', async () => {
    const gw = await start()
    const { headers } = await gw.get('/api/v1/open')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })
})

describe('other origins', () => {
  it.each([
    ['https://app.example', 'https://app.example'],
    ['https://app.example.evil.com', null],
    ['https://APP.example', null],
    ['null', null],
  ])('%s is allowed as %s', async (origin, allowed) => {
    const gw = await start()
    const answer = await gw.get('/api/v1/open', { origin })
    expect(answer.headers.get('access-control-allow-origin')).toBe(allowed)
  })

  it('may ask first', async () => {
    const gw = await start()
    const answer = await fetch(`${gw.origin}/api/v1/closed`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    })
    expect([answer.status, answer.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'authorization, content-type, idempotency-key, range',
    ])
  })

  it('answers a bare OPTIONS without words of a library', async () => {
    const gw = await start()
    const answer = await fetch(`${gw.origin}/api/v1/closed`, { method: 'OPTIONS' })
    expect([answer.status, await answer.text()]).toEqual([204, ''])
    expect(answer.headers.get('access-control-allow-origin')).not.toBe('*')
  })
})

describe('the rate limit', () => {
  const authenticate = (token: string) =>
    Promise.resolve(token.startsWith('good') ? somebody(token) : null)
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

  it('counts per key, not per address, and says when to come back', async () => {
    const gw = await start({ ratePerMinute: 3, authenticate })
    const statuses = async (token: string) => {
      const answers = []
      for (let i = 0; i < 4; i += 1) answers.push(await gw.get('/api/v1/closed', bearer(token)))
      return answers
    }
    const first = await statuses('good-1')
    expect(first.map((answer) => answer.status)).toEqual([200, 200, 200, 429])
    expect(Number(first[3]?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await first[3]?.json()).toMatchObject({ error: { code: 'rate_limited' } })
    expect((await statuses('good-2')).map((answer) => answer.status)).toEqual([200, 200, 200, 429])
  })

  it('counts addresses where no token comes, unknown routes among them', async () => {
    const gw = await start({ ratePerMinute: 3, authenticate })
    const seen = []
    for (const path of ['/api/v1/open', '/nothing', '/api/v1/open', '/nothing', '/api/v1/open']) {
      seen.push((await gw.get(path)).status)
    }
    expect(seen).toEqual([200, 404, 200, 429, 429])
    expect((await gw.get('/api/v1/closed', bearer('good'))).status).toBe(200)
    expect((await gw.get('/healthz')).status).toBe(200)
  })

  it('of 0 is none', async () => {
    const gw = await start({ ratePerMinute: 0 })
    for (let i = 0; i < 20; i += 1) expect((await gw.get('/api/v1/open')).status).toBe(200)
  })
})

describe('the document', () => {
  it('describes each route from its schemas, without spliced or foreign ones', async () => {
    const gw = await start()
    const answer = await gw.get('/docs/json')
    const document = (await answer.json()) as {
      openapi: string
      paths: Record<string, Record<string, { security: unknown; responses: object }>>
      components: { securitySchemes: object }
    }
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths).toSorted()).toEqual([
      '/api/v1/closed',
      '/api/v1/exotel/webhook/passthru/{phoneToken}',
      '/api/v1/exotel/webhook/status/{callId}/{signature}',
      '/api/v1/open',
    ])
    const get = document.paths['/api/v1/closed']?.['get']
    expect(get?.security).toEqual([{ bearer: [] }])
    expect(Object.keys(get?.responses ?? {})).toEqual(['200', 'default'])
    expect(document.components.securitySchemes).toHaveProperty('bearer')
  })

  it('has a page to read it on', async () => {
    const gw = await start()
    const page = await gw.get('/docs')
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/html'),
    ])
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
  })
})

describe('a body that never ends', () => {
  it('holds nobody else up', async () => {
    const gw = await start()
    const slow = connect({ host: '127.0.0.1', port: gw.port })
    opened.defer(() => {
      slow.destroy()
    })
    slow.write('POST /api/v1/open HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{')
    await eventually(async () => (await gw.get('/healthz')).status === 200)
  })
})
