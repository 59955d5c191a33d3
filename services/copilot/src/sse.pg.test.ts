import { connect as connectTcp } from 'node:net'
import type { CallEvent } from '@callwire/contracts'
import { verifyChain } from '@callwire/ledger'
import { eventually, tcpProxy } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { upTo } from './testing/consumer-socket.ts'
import { createFixture, type Fixture, type Key, type RunningCopilot } from './testing/fixture.ts'

let fixture: Fixture
let copilot: RunningCopilot
let tenantId: string
let key: Key
beforeAll(async () => {
  fixture = await createFixture()
  copilot = await fixture.start({ limits: { lookMs: 200, ssePingMs: 100 } })
  tenantId = await fixture.tenant()
  key = await fixture.key(tenantId)
})
afterAll(() => fixture[Symbol.asyncDispose]())

type Told = { id: number; event: string; data: Record<string, unknown> }

async function open(
  callId: string,
  o: { token?: string; lastEventId?: string; from?: RunningCopilot } = {},
) {
  const from = o.from ?? copilot
  const stop = new AbortController()
  const response = await fetch(`${from.http}/v1/copilot/calls/${callId}/events`, {
    headers: {
      authorization: `Bearer ${o.token ?? key.token}`,
      ...(o.lastEventId === undefined ? {} : { 'last-event-id': o.lastEventId }),
    },
    signal: stop.signal,
  })
  const heard = { text: '', isOver: false }
  const reading = (async () => {
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      heard.text += decoder.decode(chunk as Uint8Array, { stream: true })
    }
    heard.isOver = true
  })().catch(() => undefined)
  const told = (): Told[] =>
    heard.text
      .split('\n\n')
      .slice(0, -1)
      .filter((block) => !block.startsWith(':'))
      .map((block) => {
        const fields = Object.fromEntries(
          block
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        ) as { id: string; event: string; data: string }
        expect(Object.keys(fields)).toEqual(['id', 'event', 'data'])
        return {
          id: Number(fields.id),
          event: fields.event,
          data: JSON.parse(fields.data) as never,
        }
      })
  return { response, heard, told, reading, stop: () => stop.abort() }
}

test('tells all from the start, then what comes, and ends after the receipt', async () => {
  const callId = await fixture.call(tenantId)
  await fixture.facts(tenantId, callId, 250, { atOnce: true })
  const stream = await open(callId)
  expect(stream.response.status).toBe(200)
  expect(stream.response.headers.get('content-type')).toBe('text/event-stream')
  await eventually(() => stream.told().length >= 251)
  await fixture.facts(tenantId, callId, 2)
  await fixture.facts(tenantId, callId, 1, { through: fixture.silent })
  await fixture.receipt(tenantId, callId)
  await stream.reading
  expect(stream.heard.isOver).toBe(true)
  const told = stream.told()
  expect(told.map(({ id }) => id)).toEqual(upTo(255))
  const stored = await fixture.ledger.read(tenantId, callId, { after: 0, limit: 1_000 })
  expect(told.map(({ data }) => data)).toEqual(stored)
  expect(told.map(({ event }) => event)).toEqual(stored.map(({ type }) => type))
})

test('tells of an erased event that it was here, on both ways, and the chain holds', async () => {
  const callId = await fixture.call(tenantId)
  await fixture.facts(tenantId, callId, 3)
  await fixture.receipt(tenantId, callId)
  await fixture.erase(tenantId, callId, 3)
  const stream = await open(callId)
  await stream.reading
  const told = stream.told().map(({ data }) => data)
  expect(told[2]).toMatchObject({ seq: 3, type: 'stream.dtmf', data: null, erased: true })
  expect(told[2]).not.toHaveProperty('salt')
  const consumer = await fixture.consumer(copilot, key.token)
  consumer.send({ type: 'subscribe', topic: `call:${callId}`, after: 1 })
  expect(await consumer.next('subscribed')).toMatchObject({ seq: 5, recovered: true })
  await eventually(() => consumer.seqs(`call:${callId}`).length === 4)
  const heard = consumer.heard.flatMap((message) =>
    message.type === 'event' ? [message['event']] : [],
  )
  expect(heard).toEqual(told.slice(1))
  expect(verifyChain(callId, told as unknown as CallEvent[])).toMatchObject({ ok: true })
  consumer.socket.terminate()
})

test('goes on after Last-Event-ID; an empty one is none', async () => {
  const callId = await fixture.call(tenantId)
  await fixture.facts(tenantId, callId, 3)
  await fixture.receipt(tenantId, callId)
  const later = await open(callId, { lastEventId: '3' })
  await later.reading
  expect(later.told().map(({ id }) => id)).toEqual([4, 5])
  const whole = await open(callId, { lastEventId: '' })
  await whole.reading
  expect(whole.told().map(({ id }) => id)).toEqual(upTo(5))
})

test('a reader that has the closing receipt already is not kept', async () => {
  const callId = await fixture.call(tenantId)
  await fixture.receipt(tenantId, callId)
  const stream = await open(callId, { lastEventId: '2' })
  await stream.reading
  expect(stream.told()).toEqual([])
})

test('does not end at a receipt that later facts reopened', async () => {
  const callId = await fixture.call(tenantId)
  await fixture.receipt(tenantId, callId)
  await fixture.facts(tenantId, callId, 1)
  const stream = await open(callId)
  await eventually(() => stream.told().length >= 3)
  await fixture.facts(tenantId, callId, 1)
  await eventually(() => stream.told().length >= 4)
  expect(stream.heard.isOver).toBe(false)
  await fixture.receipt(tenantId, callId, 2)
  await stream.reading
  expect(stream.told().map(({ id }) => id)).toEqual(upTo(5))
})

test('a reader with nothing to read yet is answered at once, and pinged', async () => {
  const callId = await fixture.call(tenantId)
  const quiet = await fixture.start({ limits: { ssePingMs: 600_000 } })
  const silent = await open(callId, { lastEventId: '1', from: quiet })
  expect(silent.response.status).toBe(200)
  silent.stop()
  await quiet[Symbol.asyncDispose]()
  const stream = await open(callId, { lastEventId: '1' })
  await eventually(() => stream.heard.text.startsWith(': ping\n\n: ping\n\n'))
  stream.stop()
})

test.each([
  ['no token', {}, 401, 'unauthenticated'],
  ['a wrong token', { authorization: 'Bearer no' }, 401, 'unauthenticated'],
] as const)('%s is answered in the envelope', async (_what, headers, status, code) => {
  const callId = await fixture.call(tenantId)
  const url = `${copilot.http}/v1/copilot/calls/${callId}/events?token=${key.token}`
  const response = await fetch(url, { headers })
  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject({ success: false, error: { code } })
})

test('another tenant’s call, no call, or no right to it', async () => {
  const theirs = await fixture.call(await fixture.tenant())
  for (const callId of [theirs, `cal_${'0'.repeat(24)}`, 'nonsense']) {
    const { response } = await open(callId)
    expect(response.status).toBe(404)
  }
  const mine = await fixture.call(tenantId)
  const half = await fixture.key(tenantId, ['calls:read'])
  expect((await open(mine, { token: half.token })).response.status).toBe(403)
  expect((await open(mine, { lastEventId: 'x' })).response.status).toBe(400)
})

test('a revoked key ends its streams', async () => {
  const callId = await fixture.call(tenantId)
  const gone = await fixture.key(tenantId)
  const stream = await open(callId, { token: gone.token })
  await eventually(() => stream.told().length === 1)
  await fixture.revocations.announce({ tenantId, kind: 'key', id: gone.id })
  await stream.reading
  expect(stream.heard.isOver).toBe(true)
})

test('streams count among a key’s connections, and stop counting when they end', async () => {
  const other = await fixture.start({ config: { maxSockets: 1 } })
  const callId = await fixture.call(tenantId)
  const first = await open(callId, { from: other })
  const second = await open(callId, { from: other })
  expect(second.response.status).toBe(429)
  first.stop()
  await eventually(async () => {
    const third = await open(callId, { from: other })
    third.stop()
    return third.response.status === 200
  })
  await other[Symbol.asyncDispose]()
})

test('a reader that stops reading is cut off', async () => {
  const other = await fixture.start({ limits: { slowBytes: 100_000, tickMs: 50 } })
  const callId = await fixture.call(tenantId)
  const socket = connectTcp({ port: other.port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  const gone = new Promise((resolve) => socket.on('close', resolve))
  let heard = ''
  socket.on('data', (chunk) => (heard += chunk.toString()))
  socket.write(
    `GET /v1/copilot/calls/${callId}/events HTTP/1.1\r\nhost: x\r\n` +
      `authorization: Bearer ${key.token}\r\n\r\n`,
  )
  await eventually(() => heard.includes('id: 1'))
  socket.pause()
  await fixture.facts(tenantId, callId, 600, { bytes: 20_000, atOnce: true })
  await eventually(() => fixture.listeners(callId).then((count) => count === 0))
  socket.resume()
  await gone
  await other[Symbol.asyncDispose]()
})

test('while Postgres is away it is 503, and an open stream outlives the outage', async () => {
  await using proxy = await tcpProxy({ target: fixture.databaseUrl })
  const other = await fixture.start({
    config: { databaseUrl: proxy.through(fixture.databaseUrl) },
    limits: { lookMs: 100, retryMs: 50 },
  })
  const callId = await fixture.call(tenantId)
  const stream = await open(callId, { from: other })
  await eventually(() => stream.told().length === 1)
  proxy.refuse()
  await fixture.facts(tenantId, callId, 2, { through: fixture.silent })
  expect((await open(callId, { from: other })).response.status).toBe(503)
  await fixture.receipt(tenantId, callId)
  proxy.resume()
  await stream.reading
  expect(stream.told().map(({ id }) => id)).toEqual(upTo(4))
  await other[Symbol.asyncDispose]()
})
