import { expect, test } from 'vitest'
import { createHealth, registerHealthRoutes } from './health.ts'
import { createHttpServer } from './http-server.ts'
import { createLogger } from './logger.ts'

function setUp(o: { trustProxy?: string[] } = {}) {
  const lines: string[] = []
  const log = createLogger({
    service: 't',
    level: 'trace',
    stream: { write: (line) => void lines.push(line) },
  })
  const server = createHttpServer({ log, ...o })
  return { server, lines }
}

test('a failing handler answers a constant sentence and logs no text of the fault', async () => {
  const { server, lines } = setUp()
  server.get('/x', () => Promise.reject(new Error('SELECT secret words')))
  const reply = await server.inject('/x')
  expect(reply.statusCode).toBe(500)
  expect(reply.json()).toMatchObject({ success: false, error: { code: 'internal' } })
  expect(reply.body + lines.join('')).not.toContain('secret words')
})

test('malformed JSON, a large body and an unknown type have their own answers', async () => {
  const { server } = setUp()
  server.post('/x', () => Promise.resolve({}))
  const send = (payload: string, type: string) =>
    server.inject({ method: 'POST', url: '/x', payload, headers: { 'content-type': type } })
  expect((await send('{', 'application/json')).json()).toMatchObject({
    error: { code: 'validation_failed' },
  })
  const large = JSON.stringify('x'.repeat(40_000))
  expect((await send(large, 'application/json')).statusCode).toBe(413)
  expect((await send('<x/>', 'text/xml')).statusCode).toBe(415)
})

test.each([
  ['an unknown route', '/nope?q=s3cr3t', 404, 'not_found'],
  ['an unreadable URL', '/%s3cr3t', 400, 'validation_failed'],
])('%s is refused in the envelope, and not repeated', async (_what, url, status, code) => {
  const { server } = setUp()
  const reply = await server.inject(url)
  expect([reply.statusCode, reply.json()]).toEqual([
    status,
    {
      success: false,
      error: {
        code,
        message: expect.any(String) as string,
        requestId: expect.stringMatching(/^req_[0-9a-f]{20}$/) as string,
      },
    },
  ])
  expect(reply.body).not.toContain('s3cr3t')
})

test('logs the route and not the URL; ids of requests are our own', async () => {
  const { server, lines } = setUp()
  server.get('/t/:token', (request) => Promise.resolve({ id: request.id }))
  const reply = await server.inject({
    url: '/t/s3cr3t-token?q=s3cr3t',
    headers: { 'request-id': 'evil' },
  })
  expect(reply.json<{ id: string }>().id).toMatch(/^req_[0-9a-f]{20}$/)
  expect(lines.join('')).toContain('"route":"/t/:token"')
  expect(lines.join('')).not.toContain('s3cr3t')
})

test.each([
  [undefined, '127.0.0.1'],
  [['127.0.0.0/8'], '203.0.113.9'],
])('believes X-Forwarded-For only from %s', async (trustProxy, seen) => {
  const { server } = setUp(trustProxy === undefined ? {} : { trustProxy })
  server.get('/ip', (request) => Promise.resolve({ ip: request.ip }))
  const reply = await server.inject({ url: '/ip', headers: { 'x-forwarded-for': '203.0.113.9' } })
  expect(reply.json()).toEqual({ ip: seen })
})

test('serves health', async () => {
  const { server } = setUp()
  registerHealthRoutes(server, createHealth({ store: () => Promise.reject(new Error('x')) }))
  expect((await server.inject('/healthz')).statusCode).toBe(200)
  const ready = await server.inject('/readyz')
  expect([ready.statusCode, ready.json()]).toEqual([
    503,
    { status: 'unavailable', checks: { store: 'internal' } },
  ])
})
