import { createServer, connect, type Socket } from 'node:net'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { captureLogs } from './capture-logs.ts'
import { eventually } from '@callwire/stores/testing'
import { manualClock } from './manual-clock.ts'
import { tcpProxy, type TcpProxy } from './tcp-proxy.ts'

describe('tcpProxy', () => {
  const heard: string[] = []
  const sockets: Socket[] = []
  let proxy: TcpProxy
  const echo = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      heard.push(chunk.toString())
      socket.write(chunk)
    })
  })

  beforeEach(async () => {
    heard.length = 0
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
    const address = echo.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    proxy = await tcpProxy({ target: `tcp://127.0.0.1:${port}` })
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await proxy.close()
    await new Promise<void>((resolve) => echo.close(() => resolve()))
  })

  async function client(): Promise<{ socket: Socket; text: () => string; ended: () => boolean }> {
    const socket = connect(proxy.port, proxy.host)
    sockets.push(socket)
    let text = ''
    let ended = false
    socket.on('error', () => undefined)
    socket.on('close', () => (ended = true))
    socket.on('data', (chunk) => (text += chunk.toString()))
    await eventually(() => proxy.connections() > 0 || ended)
    return { socket, text: () => text, ended: () => ended }
  }

  it('passes both directions on', async () => {
    const { socket, text } = await client()
    socket.write('hello')
    await eventually(() => text() === 'hello')
  })

  it('cuts what is open and takes new connections', async () => {
    const first = await client()
    proxy.cut()
    await eventually(first.ended)
    const second = await client()
    second.socket.write('again')
    await eventually(() => second.text() === 'again')
  })

  it('refuses until it resumes', async () => {
    proxy.refuse()
    const refused = await client()
    await eventually(refused.ended)
    proxy.resume()
    const served = await client()
    served.socket.write('hello')
    await eventually(() => served.text() === 'hello')
  })

  it('stalls and then delivers what it held', async () => {
    const { socket, text } = await client()
    proxy.stall()
    socket.write('held')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(heard).toEqual([])
    proxy.resume()
    await eventually(() => text() === 'held')
  })

  it('loses replies and not requests', async () => {
    const { socket, text } = await client()
    proxy.dropReply()
    socket.write('lost')
    await eventually(() => heard.length === 1)
    proxy.resume()
    socket.write('kept')
    await eventually(() => text() !== '')
    expect(text()).toBe('kept')
  })

  it('puts itself in the place of a URL’s host', () => {
    expect(proxy.through('redis://:pw@10.0.0.1:6379/3')).toBe(
      `redis://:pw@127.0.0.1:${proxy.port}/3`,
    )
  })
})

describe('manualClock', () => {
  it('wakes sleepers in the order of their deadlines, each at its own time', async () => {
    const clock = manualClock(1_000)
    const woken: [string, number][] = []
    const sleep = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms)
      woken.push([name, clock.now()])
    }
    const all = Promise.all([sleep('late', 300), sleep('early', 100)])
    await clock.advance(200)
    expect(woken).toEqual([['early', 1_100]])
    await clock.advance(200)
    await all
    expect(woken).toEqual([
      ['early', 1_100],
      ['late', 1_300],
    ])
    expect(clock.monotonicMs()).toBe(400)
  })

  it('wakes within one advance what falls asleep again', async () => {
    const clock = manualClock()
    let ticks = 0
    const ticking = (async () => {
      while (ticks < 3) {
        await clock.sleep(10)
        ticks += 1
      }
    })()
    await clock.advance(30)
    await ticking
    expect(ticks).toBe(3)
  })

  it('rejects a sleeper whose signal aborts', async () => {
    const clock = manualClock()
    const abort = new AbortController()
    const sleeping = clock.sleep(10, abort.signal)
    abort.abort()
    await expect(sleeping).rejects.toThrow(/abort/)
    expect(clock.sleepers()).toBe(0)
  })

  it('keeps time running evenly when the wall is set', async () => {
    const clock = manualClock(0)
    clock.setWall(99_000)
    await clock.advance(5)
    expect([clock.now(), clock.monotonicMs()]).toEqual([99_005, 5])
  })
})

describe('captureLogs', () => {
  it('keeps every line', () => {
    const captured = captureLogs({ service: 'x' })
    captured.log.trace({ callId: 'c' }, 'one')
    captured.log.error('two')
    expect(captured.lines()).toMatchObject([
      { level: 'trace', service: 'x', callId: 'c', msg: 'one' },
      { level: 'error', msg: 'two' },
    ])
    expect(captured.text()).toContain('"callId":"c"')
  })
})

describe('eventually', () => {
  it('gives what it saw', async () => {
    let looks = 0
    expect(await eventually(() => (++looks === 3 ? 'seen' : null))).toBe('seen')
  })

  it('fails at its bound, saying what for', async () => {
    await expect(eventually(() => false, { boundMs: 50, what: 'a miracle' })).rejects.toThrow(
      'never seen: a miracle',
    )
  })
})
