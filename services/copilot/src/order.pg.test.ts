import type { CallEvent } from '@callwire/contracts'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { upTo, type ConsumerSocket } from './testing/consumer-socket.ts'
import { createFixture, type Fixture, type Key, type RunningCopilot } from './testing/fixture.ts'

let fixture: Fixture
let copilot: RunningCopilot
let slowLook: RunningCopilot
let tenantId: string
let key: Key
beforeAll(async () => {
  fixture = await createFixture()
  copilot = await fixture.start({ limits: { lookMs: 200 } })
  // Only the doorbell and what it makes of gaps: nobody compares heads while a test lasts.
  slowLook = await fixture.start({ limits: { lookMs: 600_000 } })
  tenantId = await fixture.tenant()
  key = await fixture.key(tenantId)
})
afterAll(() => fixture[Symbol.asyncDispose]())

async function follow(from: RunningCopilot, callId: string): Promise<ConsumerSocket> {
  const consumer = await fixture.consumer(from, key.token)
  consumer.send({ type: 'subscribe', topic: `call:${callId}`, after: 0 })
  await consumer.next('event')
  return consumer
}

async function expectSeqs(consumer: ConsumerSocket, callId: string, head: number) {
  const topic = `call:${callId}`
  await eventually(() => consumer.seqs(topic).includes(head), { what: `seq ${String(head)}` })
  consumer.send({ type: 'ping' })
  await consumer.next('pong')
  expect(consumer.seqs(topic)).toEqual(upTo(head))
  consumer.socket.terminate()
}

/** Appends without a word, and gives what would have been said. */
async function quietly(callId: string, count: number): Promise<CallEvent[]> {
  const [head = 0] = (await fixture.ledger.heads(tenantId, [callId])).values()
  await fixture.facts(tenantId, callId, count, { through: fixture.silent })
  return fixture.ledger.read(tenantId, callId, { after: head, limit: 1_000 })
}
const ring = (events: readonly (CallEvent | undefined)[]) =>
  fixture.doorbell.ringEvents(
    tenantId,
    events.filter((event) => event !== undefined),
  )

test('a lost publication is read from the ledger as soon as the next one shows it', async () => {
  const callId = await fixture.call(tenantId)
  const consumer = await follow(slowLook, callId)
  await quietly(callId, 2)
  await fixture.facts(tenantId, callId, 1)
  await expectSeqs(consumer, callId, 4)
})

test('a lost last publication is found by comparing heads', async () => {
  const callId = await fixture.call(tenantId)
  const consumer = await follow(copilot, callId)
  await quietly(callId, 3)
  await expectSeqs(consumer, callId, 4)
})

test('publications that cross are put in order', async () => {
  const callId = await fixture.call(tenantId)
  const consumer = await follow(slowLook, callId)
  const events = await quietly(callId, 6)
  for (const i of [1, 0, 4, 3, 2, 5]) await ring([events[i]])
  await expectSeqs(consumer, callId, 7)
})

test('doubled publications, and old ones said again, are said once', async () => {
  const callId = await fixture.call(tenantId)
  const consumer = await follow(slowLook, callId)
  const events = await quietly(callId, 4)
  await ring([events[1], events[1], events[0], events[0], events[2], ...events, ...events])
  await expectSeqs(consumer, callId, 5)
})

test('holes one after another, each with something held behind it, are all filled', async () => {
  const callId = await fixture.call(tenantId)
  const consumer = await follow(slowLook, callId)
  for (let round = 0; round < 5; round += 1) {
    const events = await quietly(callId, 5)
    await ring([events[4], events[1]])
    await ring([events[3]])
  }
  await expectSeqs(consumer, callId, 26)
})

test('a flood behind a hole is held within bounds and loses nothing', async () => {
  const callId = await fixture.call(tenantId)
  const consumer = await follow(slowLook, callId)
  const events = await quietly(callId, 1)
  await fixture.facts(tenantId, callId, 900, { through: fixture.silent, atOnce: true })
  events.push(...(await fixture.ledger.read(tenantId, callId, { after: 2, limit: 1_000 })))
  await ring(events.slice(1))
  await expectSeqs(consumer, callId, 902)
})

test('the subscription is cut in mid-stream, again and again', async () => {
  const callId = await fixture.call(tenantId)
  const consumers = await Promise.all([follow(copilot, callId), follow(slowLook, callId)])
  for (let round = 0; round < 4; round += 1) {
    await fixture.facts(tenantId, callId, 10)
    await fixture.cutSubscriptions()
    await fixture.facts(tenantId, callId, 10)
  }
  const [watched, heardOnly] = consumers
  await expectSeqs(watched, callId, 81)
  await expectSeqs(heardOnly, callId, 81)
})

test('many writers and many readers who come at any moment: everyone has every seq once', async () => {
  const callId = await fixture.call(tenantId)
  const writers = Array.from({ length: 4 }, () => fixture.facts(tenantId, callId, 40))
  const readers: ConsumerSocket[] = []
  for (let i = 0; i < 6; i += 1) readers.push(await follow(i % 2 ? copilot : slowLook, callId))
  await Promise.all(writers)
  for (const reader of readers) await expectSeqs(reader, callId, 161)
})

test('across reconnects with `after`, nothing is missed and nothing comes twice', async () => {
  const callId = await fixture.call(tenantId)
  const topic = `call:${callId}`
  const writing = fixture.facts(tenantId, callId, 60)
  const seqs: number[] = []
  while (seqs.length < 61) {
    const consumer = await fixture.consumer(copilot, key.token)
    consumer.send({ type: 'subscribe', topic, after: seqs.length })
    await eventually(() => consumer.seqs(topic).length >= Math.min(7, 61 - seqs.length))
    consumer.socket.terminate()
    await consumer.closed
    seqs.push(...consumer.seqs(topic))
  }
  await writing
  expect(seqs).toEqual(upTo(61))
})

test('Redis goes away and comes back: what was appended meanwhile is there', async () => {
  const callId = await fixture.call(tenantId)
  const consumer = await follow(slowLook, callId)
  await fixture.redis.stop()
  await fixture.facts(tenantId, callId, 3)
  await fixture.redis.restart()
  await expectSeqs(consumer, callId, 4)
})
