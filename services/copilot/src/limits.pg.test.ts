import { connect as connectTcp } from 'node:net'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, upTo } from './testing/consumer-socket.ts'
import { createFixture, type Fixture, type Key, type RunningCopilot } from './testing/fixture.ts'
import { openStubborn } from './testing/stubborn-consumer.ts'

let fixture: Fixture
let copilot: RunningCopilot
let tenantId: string
let key: Key
beforeAll(async () => {
  fixture = await createFixture()
  copilot = await fixture.start({ limits: { maxMessagesPerSecond: 1_000 } })
  tenantId = await fixture.tenant()
  key = await fixture.key(tenantId)
})
afterAll(() => fixture[Symbol.asyncDispose]())

const interim = (callId: string, text: string) =>
  fixture.doorbell.ringInterim(tenantId, callId, {
    utteranceId: `utt_${'0'.repeat(24)}`,
    rev: 1,
    text,
    startMs: 0,
    endMs: 10,
  })

describe('what a consumer may send', () => {
  test('64 KiB are a message, one byte more closes 1009', async () => {
    const consumer = await fixture.consumer(copilot, key.token)
    const most = JSON.stringify({ type: 'ping', x: '' }).length
    consumer.send(JSON.stringify({ type: 'ping', x: 'y'.repeat(64 * 1024 - most) }))
    expect(await consumer.next('error')).toMatchObject({ code: 'bad_message' })
    consumer.send(JSON.stringify({ type: 'ping', x: 'y'.repeat(64 * 1024 - most + 1) }))
    expect((await consumer.closed).code).toBe(1009)
  })

  test('text that is no UTF-8 closes 1007', async () => {
    const consumer = await fixture.consumer(copilot, key.token)
    consumer.socket.send(Buffer.from([0xff, 0xfe]), { binary: false })
    expect((await consumer.closed).code).toBe(1007)
  })

  test('a thousand messages in a second are answered, more close 1008', async () => {
    const consumer = await fixture.consumer(copilot, key.token)
    for (let i = 0; i < 900; i += 1) consumer.send({ type: 'ping' })
    await eventually(() => consumer.heard.filter(({ type }) => type === 'pong').length === 900)
    for (let i = 0; i < 1_500; i += 1) consumer.send({ type: 'ping' })
    expect((await consumer.closed).code).toBe(1008)
  })

  test('pings of the protocol count, too', async () => {
    const other = await fixture.start({ limits: { maxMessagesPerSecond: 20 } })
    const consumer = await fixture.consumer(other, key.token)
    for (let i = 0; i < 30; i += 1) consumer.socket.ping()
    expect((await consumer.closed).code).toBe(1008)
    await other[Symbol.asyncDispose]()
  })

  test('of a flood before the token, only the first message is looked at', async () => {
    const consumer = connect(copilot.url)
    await consumer.refused
    for (let i = 0; i < 500; i += 1) consumer.send({ type: 'ping' })
    // The first message that is no token ends it; the rest of the flood changes nothing.
    expect((await consumer.closed).code).toBe(4401)
    expect(consumer.heard).toHaveLength(1)
  })

  test('while little may wait, much that is asked at once is still answered in order', async () => {
    const other = await fixture.start({ limits: { maxWaitingBytes: 500 } })
    const callId = await fixture.call(tenantId)
    const topic = `call:${callId}`
    const consumer = await fixture.consumer(other, key.token)
    for (let i = 0; i < 40; i += 1) {
      consumer.send({ type: 'subscribe', topic })
      consumer.send({ type: 'unsubscribe', topic })
    }
    consumer.send({ type: 'ping' })
    await consumer.next('pong')
    const types = consumer.heard.slice(1, -1).map(({ type }) => type)
    expect(types).toEqual(Array.from({ length: 40 }, () => ['subscribed', 'unsubscribed']).flat())
    await other[Symbol.asyncDispose]()
  })
})

describe('pings', () => {
  test('who answers stays, who does not is cut off', async () => {
    const other = await fixture.start({ limits: { pingMs: 1_000 } })
    const consumer = await fixture.consumer(other, key.token)
    const deaf = await openStubborn(other.port, key.token)
    expect(await deaf.ended).toBe('cut')
    expect(consumer.socket.readyState).toBe(consumer.socket.OPEN)
    await other[Symbol.asyncDispose]()
  })
})

describe('a consumer that does not read', () => {
  // The kernel's buffers of a loopback socket take megabytes by themselves: what is said must be more.
  const text = 'x'.repeat(1_900)
  const loud = async (callId: string, count: number) => {
    for (let i = 0; i < count; i += 100) {
      await Promise.all(Array.from({ length: 100 }, () => interim(callId, text)))
    }
  }

  test('loses interims first, is closed 1013 when too much waits, and is then destroyed', async () => {
    const other = await fixture.start({
      limits: {
        ...{ interimBytes: 50_000, slowBytes: 200_000, slowMs: 120_000 },
        ...{ destroyMs: 300, tickMs: 50 },
      },
    })
    const callId = await fixture.call(tenantId)
    const topic = `call:${callId}`
    const beside = await fixture.consumer(other, key.token)
    beside.send({ type: 'subscribe', topic, after: 0 })
    await beside.next('event')
    const stubborn = await openStubborn(other.port, key.token, { subscribe: topic })
    stubborn.stopReading()
    // Interims alone never push it over: they stop at their own bound.
    await loud(callId, 8_000)
    expect(stubborn.isOpen()).toBe(true)
    expect(beside.socket.readyState).toBe(beside.socket.OPEN)
    const said = beside.heard.filter(({ type }) => type === 'interim').length
    // Facts do.
    const facts = 50
    await fixture.facts(tenantId, callId, facts, { bytes: 20_000 })
    await eventually(() => beside.seqs(topic).length >= facts + 1)
    await eventually(async () => (await other.metric('consumers{known="true"}')) === 1)
    expect(await other.metric('closed_total{code="1013"}')).toBe(1)
    expect(await other.metric('interims_left_out_total')).toBeGreaterThan(0)
    stubborn.readTheRest()
    expect(await stubborn.ended).toBe('cut')
    expect(beside.seqs(topic)).toEqual(upTo(facts + 1))
    expect(said).toBeGreaterThan(4_000)
    beside.socket.terminate()
    await other[Symbol.asyncDispose]()
  })

  test('is closed 1013 when it is behind for too long', async () => {
    const other = await fixture.start({ limits: { slowMs: 200, tickMs: 20, destroyMs: 60_000 } })
    const callId = await fixture.call(tenantId)
    const stubborn = await openStubborn(other.port, key.token, { subscribe: `call:${callId}` })
    stubborn.stopReading()
    await loud(callId, 5_000)
    await new Promise((resolve) => setTimeout(resolve, 400))
    stubborn.readTheRest()
    expect(await stubborn.ended).toBe(1013)
    await other[Symbol.asyncDispose]()
  })

  test('a catch-up waits for it instead of filling memory, and is whole in the end', async () => {
    const callId = await fixture.call(tenantId)
    const topic = `call:${callId}`
    await fixture.facts(tenantId, callId, 600, { atOnce: true, bytes: 20_000 })
    const other = await fixture.start({
      limits: { roomBytes: 50_000, slowBytes: 5_000_000, slowMs: 120_000 },
    })
    const consumer = await fixture.consumer(other, key.token)
    consumer.send({ type: 'subscribe', topic, after: 0 })
    await consumer.next('subscribed')
    consumer.socket.pause()
    await new Promise((resolve) => setTimeout(resolve, 300))
    consumer.socket.resume()
    await eventually(() => consumer.seqs(topic).length >= 601)
    expect(consumer.seqs(topic)).toEqual(upTo(601))
    await other[Symbol.asyncDispose]()
  })
})

describe('half a connection', () => {
  test('who is refused and keeps its half open is not waited for', async () => {
    const socket = connectTcp({ port: copilot.port, host: '127.0.0.1', allowHalfOpen: true })
    const gone = new Promise((resolve) => socket.on('close', resolve))
    socket.on('error', () => undefined)
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    socket.write(
      'GET /v1/copilot HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
        'authorization: Bearer no\r\nsec-websocket-version: 13\r\n' +
        'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    await eventually(() => answer.startsWith('HTTP/1.1 401 Unauthorized'))
    // Writing on shows that the other side has let go altogether.
    const writing = setInterval(() => socket.write('x'), 20)
    await gone
    clearInterval(writing)
  })

  test('a handshake that is none is refused and ends nothing', async () => {
    const response = await fetch(`${copilot.http}/v1/copilot`)
    expect(response.status).toBe(404)
    await fixture.consumer(copilot, key.token)
  })
})
