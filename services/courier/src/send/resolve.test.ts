import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { machineResolve, strangersResolve } from './resolve.ts'

type NameServer = AsyncDisposable & { at: string; asked: number }

/** A name server that knows one IPv4 address for every name, or answers nobody. */
async function nameServer(answers: boolean): Promise<NameServer> {
  const socket = createSocket('udp4')
  const server = {
    at: '',
    asked: 0,
    [Symbol.asyncDispose]: async () => {
      socket.close()
      await once(socket, 'close')
    },
  }
  socket.on('message', (query, from) => {
    server.asked += 1
    if (answers) socket.send(reply(query), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  server.at = `127.0.0.1:${socket.address().port}`
  return server
}

/** RFC 1035 §4: the question again, and for an A record the answer 192.0.2.7. */
function reply(query: Buffer): Buffer {
  const nameEnd = query.indexOf(0, 12) + 1
  const question = query.subarray(12, nameEnd + 4)
  const isA = query.readUInt16BE(nameEnd) === 1
  const header = Buffer.from([0, 0, 0x81, 0x80, 0, 1, 0, isA ? 1 : 0, 0, 0, 0, 0])
  query.copy(header, 0, 0, 2)
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7])
  return Buffer.concat(isA ? [header, question, record] : [header, question])
}

test('a name’s addresses come from the name server', async () => {
  await using server = await nameServer(true)
  const resolve = strangersResolve({ servers: [server.at] })
  expect(await resolve('hooks.example')).toEqual([{ address: '192.0.2.7', family: 4 }])
  // What the machine has of its own is not for strangers.
  expect(await resolve('localhost')).not.toContainEqual({ address: '127.0.0.1', family: 4 })
})

test('name servers that hang hold up nobody else’s look-ups', async () => {
  await using hung = await nameServer(false)
  const resolve = strangersResolve({ servers: [hung.at] })
  let ended = 0
  const hanging = Array.from({ length: 20 }, async (_, n) => {
    const found = await resolve(`h${n}.example`)
    ended += 1
    return found
  })
  expect(await machineResolve('localhost')).not.toEqual([])
  await using server = await nameServer(true)
  expect(await strangersResolve({ servers: [server.at] })('hooks.example')).toHaveLength(1)
  expect(ended).toBe(0)
  expect((await Promise.all(hanging)).flat()).toEqual([])
  expect(hung.asked).toBeGreaterThanOrEqual(40)
})
