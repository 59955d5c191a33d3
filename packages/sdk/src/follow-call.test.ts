import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { followCall, type Followed } from './follow-call.ts'

const callId = 'cal_0123456789abcdefghjkmnpq'
const topic = `call:${callId}`

/** What the copilot would do with each connection's subscription. */
type Answer = (socket: WebSocket, after: unknown, connection: number) => void

let server: WebSocketServer
let answer: Answer
const subscribedAfter: unknown[] = []

function say(socket: WebSocket, message: unknown): void {
  socket.send(JSON.stringify(message))
}

function eventOf(seq: number) {
  return {
    id: `evt_${'0'.repeat(24)}`,
    callId,
    seq,
    type: 'call.status',
    at: '2026-01-05T10:00:00.000Z',
    data: { status: 'queued', previous: null },
    salt: 'AAAAAAAAAAAAAAAAAAAAAA',
    hash: '0'.repeat(64),
  }
}

beforeEach(async () => {
  subscribedAfter.length = 0
  let connections = 0
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket) => {
    connections += 1
    const connection = connections
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { type: string; after?: unknown }
      if (message.type === 'authenticate') {
        say(socket, {
          type: 'authenticated',
          tenantId: 'ten_0123456789abcdefghjkmnpq',
          role: 'owner',
          protocol: 1,
        })
      }
      if (message.type === 'subscribe') {
        subscribedAfter.push(message.after)
        answer(socket, message.after, connection)
      }
    })
  })
  await once(server, 'listening')
})

afterEach(async () => {
  for (const socket of server.clients) socket.terminate()
  await new Promise((resolve) => server.close(resolve))
})

/** Everything a reader gets until it has seen event `last`. */
async function follow(o: { after?: number; last?: number } = {}): Promise<Followed[]> {
  const { port } = server.address() as AddressInfo
  const seen: Followed[] = []
  const { last, ...rest } = o
  for await (const one of followCall({
    url: `ws://127.0.0.1:${port}`,
    token: 't',
    callId,
    ...rest,
  })) {
    seen.push(one)
    if (one.type === 'event' && one.event.seq === last) break
  }
  return seen
}

test('a lost connection is made again and goes on after the last event', async () => {
  answer = (socket, after, connection) => {
    say(socket, { type: 'subscribed', topic, seq: 3, recovered: true })
    const from = Number(after) + 1
    say(socket, { type: 'event', topic, event: eventOf(from) })
    if (connection === 1) socket.close(1012)
    else say(socket, { type: 'event', topic, event: eventOf(from + 1) })
  }
  const seen = await follow({ last: 3 })
  expect(seen.map((one) => (one.type === 'event' ? one.event.seq : one.type))).toEqual([
    1,
    'reconnecting',
    2,
    3,
  ])
  expect(subscribedAfter).toEqual([0, 1])
})

describe('it ends with a refusal instead of waiting for what cannot come', () => {
  test.each([
    ['not_found', 'not_found'],
    ['forbidden', 'forbidden'],
    ['bad_message', 'validation_failed'],
    ['too_many_topics', 'rate_limited'],
  ])('the server says %s', async (code, shown) => {
    answer = (socket) => say(socket, { type: 'error', code, message: 'No.', topic })
    await expect(follow()).rejects.toMatchObject({ code: shown, message: 'No.' })
  })

  test('after is beyond the last event', async () => {
    answer = (socket) => say(socket, { type: 'subscribed', topic, seq: 3, recovered: false })
    await expect(follow({ after: 9 })).rejects.toMatchObject({
      code: 'validation_failed',
      message: 'The call has only 3 events so far',
    })
  })

  test.each([NaN, -1, 1.5])('after is %s', async (after) => {
    await expect(follow({ after })).rejects.toMatchObject({ code: 'validation_failed' })
    expect(subscribedAfter).toEqual([])
  })

  test('the token is refused', async () => {
    answer = (socket) => socket.close(4401)
    await expect(follow()).rejects.toMatchObject({ code: 'unauthenticated', status: 401 })
  })
})
