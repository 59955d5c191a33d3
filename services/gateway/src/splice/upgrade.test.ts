import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { eventually } from '@callwire/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bench, host, upgradeHead } from '../testing/splice-bench.ts'

let opened: AsyncDisposableStack
let on: ReturnType<typeof bench>
beforeEach(() => {
  opened = new AsyncDisposableStack()
  on = bench(opened)
})
afterEach(() => opened.disposeAsync())

describe('an upgrade', () => {
  it('carries frames both ways, with its own head but for what the edge owns', async () => {
    const behind = await on.upstream()
    const gw = await on.edge({ upstream: behind.address })
    const socket = await on.openSocket(gw.port, '/v1/copilot?x=1', {
      Authorization: 'Bearer abc',
      'X-Forwarded-For': '203.0.113.9',
      'X-Callwire-Edge': 't=1,v=forged-forged-forged',
      'X-Own': 'kept',
    })
    const big = Buffer.alloc(300_000, 7)
    const echoed = new Promise<Buffer[]>((resolve) => {
      const got: Buffer[] = []
      socket.on('message', (data: Buffer) => {
        got.push(data)
        if (got.length === 2) resolve(got)
      })
    })
    socket.send('first')
    socket.send(big)
    const [first, second] = await echoed
    expect([String(first), second?.equals(big)]).toEqual(['first', true])
    const head = behind.heads[0]
    expect(head?.url).toBe('/v1/copilot?x=1')
    expect(head?.headers).toMatchObject({
      authorization: 'Bearer abc',
      'x-forwarded-for': '127.0.0.1',
      'x-own': 'kept',
      connection: 'Upgrade',
    })
    const proof = head?.headers['x-callwire-edge']
    expect(gw.verify(String(proof), '127.0.0.1')).toBe(true)
    expect(gw.verify(String(proof), '203.0.113.9')).toBe(false)
    expect(gw.splice.live()).toBe(1)
    socket.close(1000)
    await eventually(() => gw.splice.live() === 0)
  })

  it('believes X-Forwarded-For from a trusted proxy alone', async () => {
    const behind = await on.upstream()
    const gw = await on.edge({ upstream: behind.address, trustedProxies: ['127.0.0.0/8'] })
    await on.openSocket(gw.port, '/v1/ingest', { 'X-Forwarded-For': '6.6.6.6, 203.0.113.9' })
    expect(behind.heads[0]?.headers['x-forwarded-for']).toBe('203.0.113.9')
  })

  it('says that its client is unknown where a trusted proxy does not tell', async () => {
    const behind = await on.upstream()
    const gw = await on.edge({ upstream: behind.address, trustedProxies: ['127.0.0.0/8'] })
    await on.openSocket(gw.port, '/v1/ingest', { 'X-Forwarded-For': '203.0.113.9, _hidden' })
    const headers = behind.heads[0]?.headers
    expect(headers?.['x-forwarded-for']).toBe('unknown')
    expect(gw.verify(String(headers?.['x-callwire-edge']), 'unknown')).toBe(true)
    expect(gw.verify(String(headers?.['x-callwire-edge']), '127.0.0.1')).toBe(false)
  })

  it('passes a half-close on and what still comes back', async () => {
    const address = await on.rawUpstream((socket) => {
      socket.resume()
      socket.once('end', () => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nlate'))
    })
    const gw = await on.edge({ upstream: address })
    const client = await on.rawClient(gw.port, upgradeHead('/v1/ingest/t/abc'))
    client.socket.end()
    await once(client.socket, 'end')
    expect(client.text()).toContain('late')
  })

  it.each([
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
    ['ends', (socket: Socket) => socket.end()],
  ])('is told to come again when its upstream %s without a word', async (_how, leave) => {
    const address = await on.rawUpstream((socket) => {
      socket.once('data', () => leave(socket))
    })
    const gw = await on.edge({ upstream: address })
    const client = await on.rawClient(gw.port, upgradeHead('/v1/ingest'))
    await once(client.socket, 'end')
    expect(client.text()).toMatch(/^HTTP\/1\.1 503 /)
    expect(client.text()).toMatch(/Retry-After: 1\r\n/)
    expect(client.text()).toContain('"code":"unavailable"')
    client.socket.end()
    await eventually(() => gw.splice.live() === 0)
  })

  it('whose answer has begun gets nothing behind it when its upstream is reset', async () => {
    const address = await on.rawUpstream((socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\nwords')
      socket.on('data', (data: Buffer) => {
        if (String(data) === 'leave') socket.resetAndDestroy()
      })
    })
    const gw = await on.edge({ upstream: address })
    const client = await on.rawClient(gw.port, upgradeHead('/v1/ingest'))
    await eventually(() => client.text().endsWith('words'))
    client.socket.once('end', () => client.socket.end())
    client.socket.write('leave')
    await once(client.socket, 'close')
    expect(client.text().endsWith('words')).toBe(true)
  })

  it('ends the upstream when the client is reset', async () => {
    const gone = Promise.withResolvers<undefined>()
    const address = await on.rawUpstream((socket) => {
      socket.resume()
      socket.once('end', () => gone.resolve(undefined))
    })
    const gw = await on.edge({ upstream: address })
    const client = await on.rawClient(gw.port, upgradeHead('/v1/ingest'))
    await eventually(() => gw.splice.live() === 1)
    client.socket.resetAndDestroy()
    await gone.promise
  })

  it('holds the upstream back while the client does not read', async () => {
    const total = 64 * 1024 * 1024
    const chunk = Buffer.alloc(256 * 1024, 1)
    let sent = 0
    const address = await on.rawUpstream((socket) => {
      socket.resume()
      const pump = () => {
        while (sent < total) {
          sent += chunk.length
          if (!socket.write(chunk)) {
            socket.once('drain', pump)
            return
          }
        }
        socket.end()
      }
      pump()
    })
    const gw = await on.edge({ upstream: address })
    const client = connect({ host, port: gw.port })
    opened.defer(() => {
      client.destroy()
    })
    client.pause()
    client.write(upgradeHead('/v1/copilot'))
    // Standing still: the same figure in a row, so that the kernel's buffers are all that filled.
    let before = -1
    let still = 0
    await eventually(() => {
      still = sent > 0 && sent === before ? still + 1 : 0
      before = sent
      return still > 10
    })
    expect(sent).toBeLessThan(total / 2)
    let received = 0
    client.on('data', (data: Buffer) => {
      received += data.length
    })
    client.resume()
    await once(client, 'end')
    expect(received).toBe(total)
  })

  it('is refused in the envelope where no service is, and 404 elsewhere', async () => {
    const closed = await on.rawUpstream(() => undefined)
    const gw = await on.edge({ upstream: { ...closed, port: 1 } })
    const away = await on.rawClient(gw.port, upgradeHead('/v1/copilot'))
    await once(away.socket, 'end')
    expect(away.text()).toMatch(/^HTTP\/1\.1 503 /)
    expect(away.text()).toMatch(/Retry-After: 1\r\n/)
    expect(away.text()).toContain('"code":"unavailable"')
    const elsewhere = await on.rawClient(gw.port, upgradeHead('/v1/copilots'))
    await once(elsewhere.socket, 'end')
    expect(elsewhere.text()).toMatch(/^HTTP\/1\.1 404 [^]*"code":"not_found"/)
  })

  it.each(['/healthz', '/v1/ingest/resolve/abc'])(
    'that is merely offered to %s is ignored',
    async (path) => {
      const behind = await on.upstream((req, res) => {
        res.end(`upgrade: ${String(req.headers.upgrade)}`)
      })
      const gw = await on.edge({ upstream: behind.address })
      const client = await on.rawClient(
        gw.port,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n`,
      )
      await eventually(() => client.text().startsWith('HTTP/1.1 200 '))
      if (path !== '/healthz') await eventually(() => client.text().includes('upgrade: undefined'))
    },
  )
})

describe('drain', () => {
  it('leaves live splices alone until the grace is over, and takes no new ones', async () => {
    const behind = await on.upstream()
    const gw = await on.edge({ upstream: behind.address })
    const socket = await on.openSocket(gw.port, '/v1/copilot')
    let closed = false
    socket.on('close', () => {
      closed = true
    })
    const drained = gw.splice.drain(60_000)
    const late = await on.rawClient(gw.port, upgradeHead('/v1/copilot'))
    await once(late.socket, 'end')
    expect(late.text()).toMatch(/^HTTP\/1\.1 503 /)
    const echo = once(socket, 'message')
    socket.send('still here')
    expect(String((await echo)[0])).toBe('still here')
    expect(closed).toBe(false)
    socket.close(1000)
    await drained
  })

  it('destroys what is left after the grace', async () => {
    const behind = await on.upstream()
    const gw = await on.edge({ upstream: behind.address })
    const socket = await on.openSocket(gw.port, '/v1/copilot')
    const closed = once(socket, 'close')
    await gw.splice.drain(10)
    await closed
  })
})
