import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { eventually } from '@callwire/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { answer, receiver, type Receiver } from '../test-support/receiver.ts'
import type { Resolve } from './guarded-lookup.ts'
import { createSender, type Sender } from './sender.ts'

const message = { headers: { 'content-type': 'application/json' }, body: '{"a":1}' }
let host: Receiver
let sender: Sender
/** What the name resolves to at each look-up; the last goes on. */
let answers: string[][]
let lookups: number

const resolve: Resolve = (hostname) => {
  lookups += 1
  if (hostname !== 'hooks.example') {
    return Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' }))
  }
  const addresses = (answers.length > 1 ? answers.shift() : answers[0]) ?? []
  return Promise.resolve(addresses.map((address) => ({ address, family: 4 })))
}

beforeEach(async () => {
  host = await receiver()
  answers = [['127.0.0.1']]
  lookups = 0
  // 127.0.0.1 plays the public internet, every other address of the machine is what lies within.
  const mayReach = (address: string) => address === '127.0.0.1'
  sender = createSender({ resolve, resolveNamed: resolve, mayReach, timeoutMs: 15_000 })
})
afterEach(async () => {
  await sender.close()
  await host[Symbol.asyncDispose]()
})

const guarded = (hostname: string, port = host.port) => ({
  origin: `http://${hostname}:${port}`,
  path: '/hook?x=1',
  literal: /^[\d.]+$/.test(hostname) ? hostname : null,
  guarded: true,
})
const failed = (error: string) => ({ kind: 'failed', error })
const answered = (status: number) => ({ kind: 'answered', status, retryAfter: null })

test('a message arrives as it was given, at the address that was checked', async () => {
  expect(await sender.send(guarded('hooks.example'), message)).toEqual(answered(204))
  expect(host.received).toMatchObject([
    {
      method: 'POST',
      path: '/hook?x=1',
      headers: { ...message.headers, host: `hooks.example:${host.port}` },
      body: message.body,
    },
  ])
  expect(lookups).toBe(1)
})

test('a name that means another address at the second look is asked only once', async () => {
  answers = [['127.0.0.1'], ['127.0.0.2']]
  expect(await sender.send(guarded('hooks.example'), message)).toEqual(answered(204))
  expect(lookups).toBe(1)
})

test('a name that came to mean an address within is refused from then on', async () => {
  host.behave(answer(200, { connection: 'close' }))
  await using inside = await receiver({ host: '127.0.0.2' })
  answers = [['127.0.0.1'], ['127.0.0.2']]
  const first = guarded('hooks.example')
  expect(await sender.send(first, message)).toMatchObject({ status: 200 })
  expect(
    await sender.send({ ...first, origin: `http://hooks.example:${inside.port}` }, message),
  ).toEqual(failed('address_forbidden'))
  expect(inside.connections()).toBe(0)
})

test.each([
  ['first', ['127.0.0.2', '127.0.0.1']],
  ['last', ['127.0.0.1', '127.0.0.2']],
])('one address within, wherever it stands (%s), refuses the name', async (_where, addresses) => {
  answers = [addresses]
  expect(await sender.send(guarded('hooks.example'), message)).toEqual(failed('address_forbidden'))
  expect(host.connections()).toBe(0)
})

test('an address that nobody has to look up is checked, too', async () => {
  await using inside = await receiver({ host: '127.0.0.2' })
  expect(await sender.send(guarded('127.0.0.2', inside.port), message)).toEqual(
    failed('address_forbidden'),
  )
  expect(inside.connections()).toBe(0)
})

test('a host that the operator named is reached wherever it is', async () => {
  await using inside = await receiver({ host: '127.0.0.2' })
  answers = [['127.0.0.2']]
  const target = { ...guarded('hooks.example', inside.port), guarded: false }
  expect(await sender.send(target, message)).toEqual(answered(204))
})

test('a kept connection to a named host does not serve a guarded target', async () => {
  await using inside = await receiver({ host: '127.0.0.2' })
  answers = [['127.0.0.2']]
  const target = guarded('hooks.example', inside.port)
  await sender.send({ ...target, guarded: false }, message)
  expect(await sender.send(target, message)).toEqual(failed('address_forbidden'))
  expect(inside.received).toHaveLength(1)
})

test('a redirect is an answer, and is not followed', async () => {
  await using inside = await receiver({ host: '127.0.0.2' })
  host.behave(answer(302, { location: inside.url }))
  expect(await sender.send(guarded('hooks.example'), message)).toEqual(answered(302))
  expect(inside.connections()).toBe(0)
})

test('Retry-After is passed on', async () => {
  host.behave(answer(429, { 'retry-after': '17' }))
  expect(await sender.send(guarded('hooks.example'), message)).toMatchObject({
    status: 429,
    retryAfter: '17',
  })
})

test('an answer without an end is not read to its end', async () => {
  let written = 0
  let closed = false
  host.behave((_request, response, socket) => {
    socket.on('close', () => {
      closed = true
    })
    response.writeHead(200)
    const pour = () => {
      if (socket.destroyed) return
      written += 1
      response.write('x'.repeat(64 * 1024), pour)
    }
    pour()
  })
  expect(await sender.send(guarded('hooks.example'), message)).toEqual(answered(200))
  await eventually(() => closed)
  // What the kernel's buffers take, and no more.
  expect(written * 64 * 1024).toBeLessThan(32 * 1024 * 1024)
})

test('an answer that drips is left after a second, and its status stands', async () => {
  let closed = false
  host.behave((_request, response, socket) => {
    socket.on('close', () => {
      closed = true
    })
    response.writeHead(200)
    response.write('x')
  })
  expect(await sender.send(guarded('hooks.example'), message)).toEqual(answered(200))
  await eventually(() => closed)
})

test('an endless header is cut off', async () => {
  await using raw = await rawHost((write) => {
    write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1_000_000)}`)
  })
  expect(await sender.send(guarded('127.0.0.1', raw.port), message)).toEqual(
    failed('connection_lost'),
  )
})

test.each<[string, (write: (text: string) => void, end: () => void) => void, string]>([
  ['says nothing', () => undefined, 'timeout'],
  ['gives early hints alone', (write) => write('HTTP/1.1 103 Early Hints\r\n\r\n'), 'timeout'],
  ['hangs up', (_write, end) => end(), 'connection_lost'],
  ['speaks no HTTP', (write) => write('SSH-2.0-x\r\n\r\n'), 'connection_lost'],
])('a host that %s', async (_what, act, error) => {
  await sender.close()
  sender = createSender({ resolve, resolveNamed: resolve, mayReach: () => true, timeoutMs: 1_500 })
  await using raw = await rawHost(act)
  expect(await sender.send(guarded('127.0.0.1', raw.port), message)).toEqual(failed(error))
})

test('faults on the way there have names', async () => {
  const gone = await rawHost(() => undefined)
  await gone[Symbol.asyncDispose]()
  expect(await sender.send(guarded('127.0.0.1', gone.port), message)).toEqual(
    failed('connect_failed'),
  )
  expect(await sender.send(guarded('nowhere.example'), message)).toEqual(failed('dns_failed'))
  answers = [[]]
  expect(await sender.send(guarded('hooks.example'), message)).toEqual(failed('dns_failed'))
  const overTls = { ...guarded('127.0.0.1'), origin: `https://127.0.0.1:${host.port}` }
  expect(await sender.send(overTls, message)).toEqual(failed('tls_failed'))
})

type RawHost = AsyncDisposable & { port: number }

/** A server below HTTP that does something as soon as it is spoken to. */
async function rawHost(
  act: (write: (text: string) => void, end: () => void) => void,
): Promise<RawHost> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () =>
      act(
        (text) => socket.write(text),
        () => socket.destroy(),
      ),
    )
    ends.push(() => socket.destroy())
  })
  const ends: (() => void)[] = []
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const end of ends) end()
      server.close()
      await once(server, 'close')
    },
  }
}
