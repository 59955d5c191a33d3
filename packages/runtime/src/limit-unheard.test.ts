import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { clientKey, limitUnheard, UNHEARD_PER_ADDRESS } from './limit-unheard.ts'

let opened: AsyncDisposableStack
let nowMs: number
beforeEach(() => {
  opened = new AsyncDisposableStack()
  nowMs = 0
})
afterEach(() => opened.disposeAsync())

async function serve(
  o: { countsPlain?: boolean; keyOf?: (address: string) => string | null } = {},
  listener: RequestListener = (_request, response) => response.end('ok'),
) {
  const server = createServer(listener)
  server.on('upgrade', (_request, socket) => socket.write('HTTP/1.1 101 x\r\n\r\n'))
  let cuts = 0
  limitUnheard(server, {
    keyOf: o.keyOf ?? clientKey,
    countsPlain: o.countsPlain ?? true,
    clock: { monotonicMs: () => nowMs },
    onCut: () => (cuts += 1),
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  let accepted = 0
  server.on('connection', () => (accepted += 1))
  const sockets: Socket[] = []
  opened.defer(() => {
    for (const socket of sockets) socket.destroy()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const open = async (text = '') => {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.resume()
    await once(socket, 'connect')
    if (text !== '') socket.write(text)
    return socket
  }
  return {
    open,
    /** Resolves when the server has them, too. */
    async openMany(count: number, text = '') {
      const many = await Promise.all(Array.from({ length: count }, () => open(text)))
      while (accepted < sockets.length) await new Promise((resolve) => setTimeout(resolve, 5))
      return many
    },
    cuts: () => cuts,
  }
}

/**
 * Resolves once the limit has been looked at twice: what it would cut is cut. In several turns, since a
 * process that was held up catches up on one look alone.
 */
async function looked() {
  for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setTimeout(resolve, 100))
}
const alive = (sockets: Socket[]) => sockets.filter((socket) => !socket.closed)
const plain = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const upgrade = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'

describe('connections that say nothing', () => {
  test('are cut beyond the cap, the oldest first, once they are not young', async () => {
    const server = await serve()
    const old = await server.openMany(20)
    nowMs = 100
    const later = await server.openMany(UNHEARD_PER_ADDRESS)
    nowMs = 550
    await looked()
    await expect.poll(() => alive(old)).toEqual([])
    expect(server.cuts()).toBe(20)
    expect(alive(later)).toHaveLength(UNHEARD_PER_ADDRESS)
  })

  test('are left alone while they are young, and up to the cap', async () => {
    const server = await serve()
    const few = await server.openMany(UNHEARD_PER_ADDRESS)
    nowMs = 10_000
    await looked()
    const burst = await server.openMany(100)
    await looked()
    await expect.poll(() => alive(few)).toEqual([])
    expect(alive(burst)).toHaveLength(100)
  })

  test.each([
    ['half a head', 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    ['half a body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx'],
  ])('are no better with %s', async (_name, text) => {
    const server = await serve({}, () => undefined)
    const slow = await server.openMany(90, text)
    await looked()
    nowMs = 1_000
    await looked()
    await expect.poll(() => alive(slow)).toHaveLength(UNHEARD_PER_ADDRESS)
  })

  test('are counted between two requests where plain requests are not meant to stay', async () => {
    const strict = await serve()
    const idle = await strict.openMany(100, plain)
    await looked()
    nowMs = 1_000
    await looked()
    await expect.poll(() => alive(idle)).toHaveLength(UNHEARD_PER_ADDRESS)
    const open = await serve({ countsPlain: false })
    const kept = await open.openMany(100, plain)
    nowMs = 2_000
    await looked()
    expect(alive(kept)).toHaveLength(100)
  })

  test('do not count once they are upgraded, nor when their request is being answered', async () => {
    const server = await serve({}, () => undefined)
    const upgraded = await server.openMany(80, upgrade)
    const asked = await server.openMany(80, plain)
    await looked()
    nowMs = 1_000
    await looked()
    expect(alive([...upgraded, ...asked])).toHaveLength(160)
  })

  test('of an address that is exempt are not counted', async () => {
    const server = await serve({ keyOf: () => null })
    const many = await server.openMany(100)
    nowMs = 1_000
    await looked()
    expect(alive(many)).toHaveLength(100)
  })
})

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['::FFFF:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::9', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['', ''],
])('%s counts as %s', (address, key) => {
  expect(clientKey(address)).toBe(key)
})
