import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { eventually } from '@callwire/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bench, host } from '../testing/splice-bench.ts'

let opened: AsyncDisposableStack
let on: ReturnType<typeof bench>
beforeEach(() => {
  opened = new AsyncDisposableStack()
  on = bench(opened)
})
afterEach(() => opened.disposeAsync())

describe('a plain request', () => {
  it('is told to come again when its upstream resets it without a word', async () => {
    const address = await on.rawUpstream((socket) => {
      socket.once('data', () => socket.resetAndDestroy())
    })
    const gw = await on.edge({ upstream: address })
    const answer = await fetch(`http://${host}:${gw.port}/v1/copilot/calls`, {
      method: 'POST',
      body: 'x'.repeat(100_000),
    })
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ error: { code: 'unavailable' } })
  })

  it('streams its answer as it comes, and tells the upstream when the client leaves', async () => {
    const gone = Promise.withResolvers<undefined>()
    let push: (text: string) => void = () => undefined
    const behind = await on.upstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      push = (text) => res.write(`data: ${text}\n\n`)
      push('one')
      res.once('close', () => gone.resolve(undefined))
    })
    const gw = await on.edge({ upstream: behind.address })
    const req = request({
      host,
      port: gw.port,
      path: '/v1/copilot/calls/cal_1/events',
      headers: { authorization: 'Bearer abc', 'last-event-id': '4' },
    }).end()
    const [res] = (await once(req, 'response')) as [IncomingMessage]
    let text = ''
    res.on('data', (data: Buffer) => {
      text += data.toString()
    })
    await eventually(() => text === 'data: one\n\n')
    push('two')
    await eventually(() => text === 'data: one\n\ndata: two\n\n')
    expect(behind.heads[0]?.headers).toMatchObject({
      authorization: 'Bearer abc',
      'last-event-id': '4',
      connection: 'close',
      'x-forwarded-for': '127.0.0.1',
    })
    res.on('error', () => undefined)
    req.destroy()
    await gone.promise
    await eventually(() => gw.splice.live() === 0)
  })

  it.each([
    ['of known length', {}],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('carries a body %s', async (_how, headers) => {
    const behind = await on.upstream((req, res) => req.pipe(res))
    const gw = await on.edge({ upstream: behind.address })
    const body = 'x'.repeat(100_000)
    const answer = await fetch(`http://${host}:${gw.port}/v1/ingest/resolve/abc`, {
      method: 'POST',
      ...('transfer-encoding' in headers
        ? { body: new Blob([body]).stream(), duplex: 'half' as const }
        : { body }),
    })
    expect(await answer.text()).toBe(body)
  })

  it('is answered 503 in the envelope when the service is away', async () => {
    const gw = await on.edge({ upstream: { host, port: 1 } })
    const answer = await fetch(`http://${host}:${gw.port}/v1/ingest/resolve/abc`)
    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toMatchObject([
      503,
      '1',
      { success: false, error: { code: 'unavailable' } },
    ])
  })

  it('is the last on its connection: what follows is nobody’s', async () => {
    const behind = await on.upstream((_req, res) => res.end('spliced'))
    const gw = await on.edge({ upstream: behind.address })
    const client = await on.rawClient(
      gw.port,
      'GET /v1/copilot/x HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n',
    )
    await once(client.socket, 'end')
    expect(client.text()).toContain('spliced')
    expect(client.text()).not.toContain('"status":"ok"')
  })
})
