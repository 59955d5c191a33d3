import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect, test, vi } from 'vitest'
import { oneConnection, type OneConnection } from './one-connection.ts'
import { accountAt, clientFor, go, request } from './test-support/account.ts'
import { reply, standIn, type Answer, type StandIn } from './test-support/stand-in.ts'

/** For an answer that comes, and for one that does not: a busy machine takes its time to say the former. */
const ANSWERED_MS = 5_000
const UNANSWERED_MS = 1_000
/** Until a busy machine has noticed that a connection is closed. */
const noticed = { timeout: 15_000 }

const placed = { Call: { Sid: 'c1', Status: 'in-progress' } }
const head = (...lines: string[]) => ['HTTP/1.1 200 OK', ...lines, '', ''].join('\r\n')

/** Says all there is to say, and leaves the connection open for more. */
const keepAlive: Answer = (socket) => {
  const text = JSON.stringify(placed)
  socket.write(head('connection: keep-alive', `content-length: ${text.length}`) + text)
}
const say =
  (text: string): Answer =>
  (socket) =>
    socket.write(text)

async function place(exotel: StandIn, o: { timeoutMs?: number; allowHttp?: boolean } = {}) {
  const client = clientFor(exotel.host, { timeoutMs: UNANSWERED_MS, ...o })
  return await client.placeCall(accountAt(exotel.host), request, go)
}

/** The peer closes nothing by itself in these. */
test.each<[what: string, Answer, kind: string]>([
  ['an answer that keeps it alive', keepAlive, 'placed'],
  ['an answer that closes it', reply(200, placed), 'placed'],
  ['a refusal', say('HTTP/1.1 400 X\r\ncontent-length: 0\r\n\r\n'), 'rejected'],
  ['no answer', () => undefined, 'unknown'],
  ['half a head', say('HTTP/1.1 200 OK\r\ncontent-le'), 'unknown'],
  ['half a body', say(`${head('content-length: 9')}{`), 'unknown'],
  ['a chunk that never ends', say(`${head('transfer-encoding: chunked')}ff\r\n{`), 'unknown'],
  ['informational answers only', say('HTTP/1.1 102 Processing\r\n\r\n'), 'unknown'],
  ['an upgrade nobody asked for', say('HTTP/1.1 101 X\r\nupgrade: x\r\n\r\n'), 'unknown'],
  ['no HTTP', say('SSH-2.0\r\n\r\n'), 'unknown'],
  ['a body above the bound', say(head() + 'x'.repeat(300_000)), 'unknown'],
  ['a head above the bound', say(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}`), 'unknown'],
])('the connection is closed after %s', async (_what, answer, kind) => {
  await using exotel = await standIn(answer)
  const timeoutMs = kind === 'unknown' ? UNANSWERED_MS : ANSWERED_MS
  expect(await place(exotel, { timeoutMs })).toMatchObject({ kind })
  expect(exotel.received).toHaveLength(1)
  await vi.waitFor(() => expect(exotel.open()).toBe(0), noticed)
})

test('the connection is closed when no byte may be sent', async () => {
  await using exotel = await standIn(keepAlive)
  const client = clientFor(exotel.host)
  const stop = { beforeFirstByte: () => false }
  await client.placeCall(accountAt(exotel.host), request, stop)
  await vi.waitFor(() => expect(exotel.received).toEqual(['']), noticed)
  await vi.waitFor(() => expect(exotel.open()).toBe(0), noticed)
})

test('a handshake that nobody answers is given up with its connection', async () => {
  await using exotel = await standIn(() => undefined)
  const outcome = await place(exotel, { allowHttp: false })
  expect(outcome).toEqual({ kind: 'not_sent', reason: 'connect_failed' })
  expect(exotel.received).toHaveLength(1)
  await vi.waitFor(() => expect(exotel.open()).toBe(0), noticed)
})

test('a server is asked for by name, over HTTP/1.1 alone', async () => {
  await using exotel = await standIn(() => undefined)
  const port = exotel.host.split(':')[1] ?? ''
  const host = `localhost:${port}`
  const client = clientFor(host, { timeoutMs: UNANSWERED_MS, allowHttp: false })
  await client.placeCall(accountAt(host), request, go)
  const hello = exotel.received.join('')
  expect(hello).toContain('\0\tlocalhost')
  expect(hello).toContain('\0\t\bhttp/1.1')
  expect(hello).not.toContain('\x02h2')
})

function connected(connection: OneConnection, host: string): Promise<Socket> {
  const [hostname = '', port = ''] = host.split(':')
  return new Promise((resolve, reject) => {
    connection.connect({ hostname, port, protocol: 'http:' }, (error, socket) => {
      if (error === null) resolve(socket)
      else reject(error)
    })
  })
}

test('no second connection is made', async () => {
  await using exotel = await standIn(() => undefined)
  const connection = oneConnection()
  const socket = await connected(connection, exotel.host)
  await expect(connected(connection, exotel.host)).rejects.toThrow('a second connection')
  connection.end()
  await once(socket, 'close')
  await expect(connected(connection, exotel.host)).rejects.toThrow('a second connection')
  expect(exotel.received).toHaveLength(1)
})
