import type { Socket } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import type { ExotelClient } from './client.ts'
import { accountAt, clientFor, go, request } from './test-support/account.ts'
import { standIn, type Answer, type StandIn } from './test-support/stand-in.ts'

/** Until a busy machine has noticed that a connection is closed. */
const noticed = { timeout: 15_000 }

const wholeWith = (sid: string, ...headers: string[]) => {
  const text = JSON.stringify({ Call: { Sid: sid, Status: 'in-progress' } })
  return ['HTTP/1.1 200 OK', `content-length: ${text.length}`, ...headers, '', text].join('\r\n')
}
/** Answers every request with a Sid of its own, and leaves the connection open. */
const keeping = (): Answer => {
  let sids = 0
  return (socket) => socket.write(wholeWith(`sid${++sids}`))
}
const place = (client: ExotelClient, exotel: StandIn, o = go) =>
  client.placeCall(accountAt(exotel.host), request, o)
const postsOf = (exotel: StandIn) => exotel.received.map((text) => text.split('POST ').length - 1)

test('the next request goes where a whole answer came from', async () => {
  await using exotel = await standIn(keeping())
  const client = clientFor(exotel.host)
  for (const sid of ['sid1', 'sid2', 'sid3']) {
    expect(await place(client, exotel)).toMatchObject({ kind: 'placed', sid })
  }
  expect(postsOf(exotel)).toEqual([3])
  await client.close()
})

test('requests of one moment have a connection each, and their own answers', async () => {
  const waiting: Socket[] = []
  await using exotel = await standIn((socket) => waiting.push(socket))
  const client = clientFor(exotel.host)
  const placed = [place(client, exotel), place(client, exotel), place(client, exotel)]
  await vi.waitFor(() => expect(waiting).toHaveLength(3), noticed)
  for (const socket of waiting.toReversed()) socket.write(wholeWith(`port${socket.remotePort}`))
  const sids = (await Promise.all(placed)).map((outcome) => 'sid' in outcome && outcome.sid)
  expect(new Set(sids).size).toBe(3)
  expect(postsOf(exotel)).toEqual([1, 1, 1])
  await client.close()
})

test('a connection that nobody uses is closed, though its server would keep it', async () => {
  await using exotel = await standIn(keeping())
  const client = clientFor(exotel.host)
  await place(client, exotel)
  expect(exotel.open()).toBe(1)
  await vi.waitFor(() => expect(exotel.open()).toBe(0), noticed)
  expect(await place(client, exotel)).toMatchObject({ kind: 'placed' })
  expect(postsOf(exotel)).toEqual([1, 1])
  await client.close()
})

test('what is kept is closed with the client', async () => {
  await using exotel = await standIn(keeping())
  const client = clientFor(exotel.host)
  await Promise.all([place(client, exotel), place(client, exotel)])
  await client.close()
  await vi.waitFor(() => expect(exotel.open()).toBe(0), noticed)
})

describe('no request follows on a connection', () => {
  const closing: Answer = (socket) => socket.end(wholeWith('one'))
  const dying: Answer = (socket) => socket.write(wholeWith('one'), () => socket.destroy())
  const talking: Answer = (socket) => socket.write(wholeWith('one') + wholeWith('two'))

  test.each<[what: string, Answer]>([
    ['that its server closes behind the answer', closing],
    ['that dies behind the answer', dying],
    ['whose answer says so', (socket) => socket.write(wholeWith('one', 'connection: close'))],
    ['that brought an answer nobody asked for', talking],
  ])('%s', async (_what, first) => {
    let answers = 0
    await using exotel = await standIn((socket, text) =>
      answers++ === 0 ? first(socket, text) : socket.write(wholeWith('next')),
    )
    const client = clientFor(exotel.host)
    expect(await place(client, exotel)).toMatchObject({ kind: 'placed', sid: 'one' })
    // It takes until then for the end of a connection to arrive.
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await place(client, exotel)).toMatchObject({ kind: 'placed', sid: 'next' })
    expect(postsOf(exotel)).toEqual([1, 1])
    await client.close()
  })

  test('on which one was held back at the last moment', async () => {
    await using exotel = await standIn(keeping())
    const client = clientFor(exotel.host)
    await place(client, exotel)
    const held = await place(client, exotel, { beforeFirstByte: () => false })
    expect(held).toEqual({ kind: 'not_sent', reason: 'deadline' })
    expect(await place(client, exotel)).toMatchObject({ kind: 'placed' })
    expect(postsOf(exotel)).toEqual([1, 1])
    await client.close()
  })
})

test('a kept connection that dies under a request leaves its outcome unknown', async () => {
  let answers = 0
  await using exotel = await standIn((socket) =>
    answers++ === 0 ? socket.write(wholeWith('one')) : socket.destroy(),
  )
  const client = clientFor(exotel.host)
  await place(client, exotel)
  expect(await place(client, exotel)).toMatchObject({ kind: 'unknown' })
  expect(postsOf(exotel)).toEqual([2])
  await client.close()
})
