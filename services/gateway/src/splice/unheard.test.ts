import { once } from 'node:events'
import { connect } from 'node:net'
import { eventually } from '@callwire/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bench, host } from '../testing/splice-bench.ts'

/** What one address may have open without a word. */
const MOST = 64

let opened: AsyncDisposableStack
let on: ReturnType<typeof bench>
beforeEach(() => {
  opened = new AsyncDisposableStack()
  on = bench(opened)
})
afterEach(() => opened.disposeAsync())

async function silent(port: number, count: number, text: string) {
  const sockets = Array.from({ length: count }, () => connect({ host, port }))
  opened.defer(() => {
    for (const socket of sockets) socket.destroy()
  })
  for (const socket of sockets) {
    socket.on('error', () => undefined)
    socket.resume()
    await once(socket, 'connect')
    if (text !== '') socket.write(text)
  }
  return { alive: () => sockets.filter((socket) => !socket.closed).length }
}

const half = 'GET /v1/ingest HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.'

test.each([
  ['nothing', ''],
  ['half a head, whatever it says of where it comes from', half],
])('connections that send %s are cut beyond what an address may have', async (_name, text) => {
  const behind = await on.upstream()
  const gw = await on.edge({ upstream: behind.address })
  const many = await silent(gw.port, 150, text)
  // One that speaks is heard beside them.
  const socket = await on.openSocket(gw.port, '/v1/ingest')
  await eventually(() => many.alive() === MOST)
  expect(gw.cuts()).toBe(150 - MOST)
  socket.send('still here')
  expect(String((await once(socket, 'message'))[0])).toBe('still here')
})

test('those of a trusted proxy, and those between two requests, are left alone', async () => {
  const behind = await on.upstream()
  const proxied = await on.edge({ upstream: behind.address, trustedProxies: ['127.0.0.0/8'] })
  const waiting = await silent(proxied.port, 100, '')
  const direct = await on.edge({ upstream: behind.address })
  const idle = await silent(direct.port, 100, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  expect([waiting.alive(), idle.alive()]).toEqual([100, 100])
})
