import { eventually } from '@callwire/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { upTo, type ConsumerSocket } from './testing/consumer-socket.ts'
import { createFixture, type Fixture, type Key, type RunningCopilot } from './testing/fixture.ts'

let fixture: Fixture
let copilot: RunningCopilot
let tenantId: string
let key: Key
let consumer: ConsumerSocket
beforeAll(async () => {
  fixture = await createFixture()
  copilot = await fixture.start({ limits: { maxTopics: 3, lookMs: 200 } })
  tenantId = await fixture.tenant()
  key = await fixture.key(tenantId)
})
beforeEach(async () => {
  consumer = await fixture.consumer(copilot, key.token)
})
afterEach(() => {
  consumer.socket.terminate()
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
/** Answered only after everything said before it. */
const settle = async () => {
  consumer.send({ type: 'ping' })
  await consumer.next('pong')
}

describe('a call', () => {
  test('from the start: all there is, then what comes', async () => {
    const callId = await fixture.call(tenantId)
    const topic = `call:${callId}`
    await fixture.facts(tenantId, callId, 449, { atOnce: true })
    consumer.send({ type: 'subscribe', topic, after: 0 })
    expect(await consumer.next('subscribed')).toEqual({
      type: 'subscribed',
      topic,
      seq: 450,
      recovered: true,
    })
    await fixture.facts(tenantId, callId, 5)
    await eventually(() => consumer.seqs(topic).length >= 455)
    expect(consumer.seqs(topic)).toEqual(upTo(455))
  })

  test('without `after`: only what comes', async () => {
    const callId = await fixture.call(tenantId)
    const topic = `call:${callId}`
    await fixture.facts(tenantId, callId, 3)
    consumer.send({ type: 'subscribe', topic })
    expect(await consumer.next('subscribed')).toMatchObject({ seq: 4, recovered: true })
    await fixture.facts(tenantId, callId, 2)
    await eventually(() => consumer.seqs(topic).length >= 2)
    expect(consumer.seqs(topic)).toEqual([5, 6])
  })

  test('an event is the ledger’s, whole', async () => {
    const callId = await fixture.call(tenantId)
    consumer.send({ type: 'subscribe', topic: `call:${callId}`, after: 0 })
    const [stored] = await fixture.ledger.read(tenantId, callId, { after: 0, limit: 1 })
    expect((await consumer.next('event'))['event']).toEqual(stored)
  })

  test('an `after` beyond the head is no recovery', async () => {
    const callId = await fixture.call(tenantId)
    const topic = `call:${callId}`
    consumer.send({ type: 'subscribe', topic, after: 7 })
    expect(await consumer.next('subscribed')).toMatchObject({ seq: 1, recovered: false })
    await fixture.facts(tenantId, callId, 1)
    await consumer.next('event')
    expect(consumer.seqs(topic)).toEqual([2])
  })

  test.each([-1, 1.5, '3', null, 1e300, true])('%j is no `after`', async (after) => {
    const topic = `call:${await fixture.call(tenantId)}`
    consumer.send({ type: 'subscribe', topic, after })
    expect(await consumer.next('error')).toMatchObject({ code: 'bad_message', topic })
    await settle()
    expect(consumer.heard.some((message) => message.type === 'subscribed')).toBe(false)
  })

  test('a repeated subscribe replaces the first', async () => {
    const callId = await fixture.call(tenantId)
    const topic = `call:${callId}`
    await fixture.facts(tenantId, callId, 2)
    consumer.send({ type: 'subscribe', topic, after: 2 })
    await consumer.next('subscribed')
    await consumer.next('event')
    consumer.send({ type: 'subscribe', topic, after: 1 })
    await consumer.next('subscribed')
    await eventually(() => consumer.seqs(topic).length >= 3)
    await fixture.facts(tenantId, callId, 1)
    await eventually(() => consumer.seqs(topic).includes(4))
    await settle()
    expect(consumer.seqs(topic)).toEqual([3, 2, 3, 4])
  })

  test('after `unsubscribed` nothing more is said, neither event nor interim', async () => {
    const callId = await fixture.call(tenantId)
    const topic = `call:${callId}`
    await fixture.facts(tenantId, callId, 900, { atOnce: true })
    consumer.send({ type: 'subscribe', topic, after: 0 })
    await consumer.next('subscribed')
    consumer.send({ type: 'unsubscribe', topic })
    expect(await consumer.next('unsubscribed')).toEqual({ type: 'unsubscribed', topic })
    const before = consumer.heard.length
    await fixture.facts(tenantId, callId, 2)
    await interim(callId, 'too late')
    await fixture.facts(tenantId, callId, 1)
    // Long enough for a look at the heads, too.
    await new Promise((resolve) => setTimeout(resolve, 400))
    await settle()
    expect(consumer.heard.slice(before).map((message) => message.type)).toEqual(['pong'])
  })

  test('interims come as they are said, without a seq', async () => {
    const callId = await fixture.call(tenantId)
    const topic = `call:${callId}`
    consumer.send({ type: 'subscribe', topic, after: 0 })
    await consumer.next('event')
    await eventually(async () => {
      await interim(callId, 'nama')
      return consumer.heard.some((message) => message.type === 'interim')
    })
    const heard = await consumer.next('interim')
    expect(Object.keys(heard)).toEqual(['type', 'topic', 'data'])
    expect(heard).toMatchObject({ topic, data: { text: 'nama', rev: 1 } })
  })

  test('of another tenant, or of nobody, is not found', async () => {
    const other = await fixture.tenant()
    const theirs = await fixture.call(other)
    for (const topic of [`call:${theirs}`, `call:cal_${'0'.repeat(24)}`, 'call:nonsense', 'x']) {
      consumer.send({ type: 'subscribe', topic, after: 0 })
      expect(await consumer.next('error')).toMatchObject({ code: 'not_found', topic })
    }
  })

  test('what another tenant’s process says on a call’s channel is not heard', async () => {
    const callId = await fixture.call(tenantId)
    const topic = `call:${callId}`
    consumer.send({ type: 'subscribe', topic })
    await consumer.next('subscribed')
    const [event] = await fixture.ledger.read(tenantId, callId, { after: 0, limit: 1 })
    if (event === undefined) throw new Error('no event')
    await fixture.doorbell.ringEvents(await fixture.tenant(), [{ ...event, seq: 2 }])
    await fixture.facts(tenantId, callId, 1)
    expect((await consumer.next('event'))['event']).toMatchObject({ type: 'stream.dtmf', seq: 2 })
  })

  test('needs the right to read transcripts, the board the right to read calls', async () => {
    const callId = await fixture.call(tenantId)
    const half = await fixture.key(tenantId, ['calls:read'])
    const reader = await fixture.consumer(copilot, half.token)
    reader.send({ type: 'subscribe', topic: `call:${callId}` })
    expect(await reader.next('error')).toMatchObject({ code: 'forbidden' })
    reader.send({ type: 'subscribe', topic: 'calls' })
    await reader.next('snapshot')
    const none = await fixture.consumer(copilot, (await fixture.key(tenantId, [])).token)
    none.send({ type: 'subscribe', topic: 'calls' })
    expect(await none.next('error')).toMatchObject({ code: 'forbidden', topic: 'calls' })
    reader.socket.close()
    none.socket.close()
  })

  test('one too many is refused, and leaving one makes room', async () => {
    const topics: string[] = []
    for (let i = 0; i < 4; i += 1) topics.push(`call:${await fixture.call(tenantId)}`)
    for (const topic of topics) consumer.send({ type: 'subscribe', topic })
    expect(await consumer.next('error')).toMatchObject({
      code: 'too_many_topics',
      topic: topics[3],
    })
    consumer.send({ type: 'subscribe', topic: topics[0] })
    consumer.send({ type: 'unsubscribe', topic: topics[0] })
    consumer.send({ type: 'subscribe', topic: topics[3] })
    await consumer.next('subscribed', topics[3])
  })
})

describe('messages', () => {
  test.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['an unknown type', { type: 'shout' }],
    ['an unknown field', { type: 'ping', loud: true }],
    ['no topic', { type: 'subscribe' }],
  ])('%s is a bad message and ends nothing', async (_what, message) => {
    consumer.send(message)
    expect(await consumer.next('error')).toMatchObject({ code: 'bad_message' })
    await settle()
  })

  test('bytes are read as text', async () => {
    consumer.socket.send(Buffer.from('{"type":"ping"}'))
    await consumer.next('pong')
  })
})

describe('the board', () => {
  const statuses = (callId: string) =>
    consumer.heard
      .filter((message) => message.type === 'event')
      .map((message) => message['event'] as { callId: string; seq: number; type: string })
      .filter((event) => event.callId === callId)
      .map((event) => [event.seq, event.type])

  test('shows the calls that have not ended, then what becomes of them and of new ones', async () => {
    const [live, over] = [await fixture.call(tenantId), await fixture.call(tenantId)]
    await fixture.status(tenantId, over, 'canceled')
    await fixture.facts(tenantId, live, 3)
    consumer.send({ type: 'subscribe', topic: 'calls' })
    expect(await consumer.next('subscribed')).toEqual({
      type: 'subscribed',
      topic: 'calls',
      seq: 0,
      recovered: true,
    })
    const snapshot = (await consumer.next('snapshot'))['calls'] as { id: string }[]
    expect(snapshot.find((call) => call.id === over)).toBeUndefined()
    expect(snapshot.find((call) => call.id === live)).toMatchObject({
      status: 'queued',
      to: '+9198********',
      seq: 4,
    })
    await fixture.facts(tenantId, live, 2)
    await fixture.status(tenantId, live, 'dialing')
    await fixture.facts(tenantId, live, 1, { through: fixture.silent })
    await fixture.status(tenantId, live, 'ringing')
    await fixture.receipt(tenantId, live)
    const fresh = await fixture.call(tenantId)
    await eventually(() => statuses(fresh).length > 0 && statuses(live).length >= 3)
    expect(statuses(live)).toEqual([
      [7, 'call.status'],
      [9, 'call.status'],
      [10, 'call.receipt'],
    ])
    expect(statuses(fresh)).toEqual([[1, 'call.status']])
    expect(statuses(over)).toEqual([])
  })

  test('hears of what nobody rang for, also of a new call, once and in order', async () => {
    const known = await fixture.call(tenantId)
    consumer.send({ type: 'subscribe', topic: 'calls' })
    await consumer.next('snapshot')
    await fixture.status(tenantId, known, 'dialing', fixture.silent)
    await fixture.status(tenantId, known, 'ringing', fixture.silent)
    const fresh = await fixture.call(tenantId, fixture.silent)
    await eventually(() => statuses(fresh).length > 0 && statuses(known).length >= 2)
    await fixture.cutSubscriptions()
    await fixture.status(tenantId, known, 'in-progress')
    await eventually(() => statuses(known).length >= 3)
    expect(statuses(known).map(([seq]) => seq)).toEqual([2, 3, 4])
    expect(statuses(fresh).map(([seq]) => seq)).toEqual([1])
  })

  test('is told of alerts about no call', async () => {
    consumer.send({ type: 'subscribe', topic: 'calls' })
    await consumer.next('snapshot')
    const data = { code: 'low_balance', severity: 'warn', message: 'Look.' } as const
    const at = new Date().toISOString()
    await fixture.doorbell.ringAlert(tenantId, { type: 'alert', at, data })
    expect((await consumer.next('event'))['event']).toEqual({ type: 'alert', at, data })
  })

  test('is the tenant’s own, and silent once left', async () => {
    const other = await fixture.tenant()
    consumer.send({ type: 'subscribe', topic: 'calls' })
    consumer.send({ type: 'unsubscribe', topic: 'calls' })
    await consumer.next('unsubscribed')
    const before = consumer.heard.length
    await fixture.call(tenantId)
    await fixture.call(other)
    await new Promise((resolve) => setTimeout(resolve, 400))
    await settle()
    expect(consumer.heard.slice(before).map((message) => message.type)).toEqual(['pong'])
    consumer.send({ type: 'subscribe', topic: 'calls' })
    const snapshot = (await consumer.next('snapshot'))['calls'] as { id: string }[]
    expect(snapshot.length).toBeGreaterThan(0)
    const theirs = await fixture.call(other)
    const mine = await fixture.call(tenantId)
    await eventually(() => statuses(mine).length > 0)
    expect(statuses(theirs)).toEqual([])
  })
})
