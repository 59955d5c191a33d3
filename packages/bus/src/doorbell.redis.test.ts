import type { CallEvent } from '@callwire/contracts'
import { tcpProxy, testRedis } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { createDoorbellSubscriber } from './doorbell-subscriber.ts'
import { createDoorbell, type DoorbellMessage } from './doorbell.ts'
import { names } from './names.ts'
import { testBus, uniqueId } from './test-support/connect.ts'

function eventOf(callId: string, seq: number, type: 'call.status' | 'stream.dtmf'): CallEvent {
  const shared = {
    id: `evt_${seq}`,
    callId,
    seq,
    at: '2026-01-02T03:04:05.678Z',
    salt: 's',
    hash: 'h',
  }
  return type === 'call.status'
    ? { ...shared, type, data: { status: 'queued', previous: null } }
    : { ...shared, type, data: { atMs: 1, durationMs: 2 } }
}

function collect() {
  const heard: DoorbellMessage[] = []
  return { heard, listener: (message: DoorbellMessage) => void heard.push(message) }
}

const seqs = (heard: DoorbellMessage[]) =>
  heard.map((message) => (message.kind === 'event' ? message.event.seq : message.kind))

test('a call hears all of its events in order, a tenant those of the board', async () => {
  await using bus = await testBus()
  const [tenantId, callId] = [uniqueId('ten'), uniqueId('cal')]
  const bell = createDoorbell(bus.conn)
  const subscriber = createDoorbellSubscriber(bus.conn)
  const [call, tenant, other] = [collect(), collect(), collect()]
  await subscriber.onCall(callId, call.listener)
  await subscriber.onTenant(tenantId, tenant.listener)
  await subscriber.onCall(uniqueId('cal'), other.listener)

  await bell.ringEvents(tenantId, [
    eventOf(callId, 1, 'call.status'),
    eventOf(callId, 2, 'stream.dtmf'),
    eventOf(callId, 3, 'call.status'),
  ])
  await bell.ringInterim(tenantId, callId, {
    utteranceId: 'utt_1',
    rev: 1,
    text: 'hello',
    startMs: 0,
    endMs: 10,
  })
  const alert = { code: 'x', severity: 'info', message: 'm' } as const
  await bell.ringAlert(tenantId, { type: 'alert', at: '2026-01-02T03:04:05.678Z', data: alert })

  await expect.poll(() => seqs(call.heard)).toEqual([1, 2, 3, 'interim'])
  await expect.poll(() => seqs(tenant.heard)).toEqual([1, 3, 'alert'])
  expect(other.heard).toEqual([])
  expect(call.heard[0]).toEqual({
    kind: 'event',
    tenantId,
    event: eventOf(callId, 1, 'call.status'),
  })
})

test('a channel is left with its last listener, and one that throws harms no other', async () => {
  await using bus = await testBus()
  const callId = uniqueId('cal')
  const bell = createDoorbell(bus.conn)
  const subscriber = createDoorbellSubscriber(bus.conn)
  const { heard, listener } = collect()
  const leaveThrower = await subscriber.onCall(callId, () => {
    throw new Error('listener words')
  })
  const leave = await subscriber.onCall(callId, listener)
  await bell.ringEvents('t', [eventOf(callId, 1, 'call.status')])
  await expect.poll(() => seqs(heard)).toEqual([1])
  expect(bus.logs.text()).not.toContain('listener words')

  const channel = names.callChannel(callId)
  const listeners = async () => (await bus.conn.command.pubsub('NUMSUB', channel))[1]
  await leaveThrower()
  await leaveThrower()
  expect(await listeners()).toBe(1)
  await leave()
  expect(await listeners()).toBe(0)
})

test('text that is none of ours is passed over', async () => {
  await using bus = await testBus()
  const callId = uniqueId('cal')
  const { heard, listener } = collect()
  await createDoorbellSubscriber(bus.conn).onCall(callId, listener)
  for (const text of ['', 'hello', '{}', '{"kind":"else"}', 'null', '[1]']) {
    await bus.conn.command.publish(names.callChannel(callId), text)
  }
  await createDoorbell(bus.conn).ringEvents('t', [eventOf(callId, 9, 'call.status')])
  await expect.poll(() => seqs(heard)).toEqual([9])
})

test('after an interruption it listens again and says that something was missed', async () => {
  const { url } = await testRedis()
  await using proxy = await tcpProxy({ target: url })
  await using bus = await testBus(proxy.through(url))
  await using direct = await testBus(url)
  const callId = uniqueId('cal')
  const bell = createDoorbell(direct.conn)
  const subscriber = createDoorbellSubscriber(bus.conn)
  const { heard, listener } = collect()
  let lost = 0
  await subscriber.onCall(callId, listener)
  subscriber.onLost(() => (lost += 1))

  proxy.refuse()
  await bell.ringEvents('t', [eventOf(callId, 1, 'call.status')])
  // One who comes while Redis is away is taken up with the rest.
  const later = collect()
  const joining = subscriber.onCall(callId, later.listener)
  proxy.resume()
  await joining
  await expect.poll(() => lost).toBe(1)
  await bell.ringEvents('t', [eventOf(callId, 2, 'call.status')])
  await expect.poll(() => seqs(heard)).toEqual([2])
  expect(seqs(later.heard)).toEqual([2])
})

test('a subscription that went silent without closing is found out', async () => {
  const { url } = await testRedis()
  await using proxy = await tcpProxy({ target: url })
  await using bus = await testBus(proxy.through(url))
  const subscriber = createDoorbellSubscriber(bus.conn)
  let lost = 0
  await subscriber.onCall(uniqueId('cal'), () => undefined)
  subscriber.onLost(() => (lost += 1))
  proxy.stall()
  await expect.poll(() => bus.logs.text(), { timeout: 20_000 }).toContain('redis connection lost')
  proxy.resume()
  await expect.poll(() => lost, { timeout: 15_000 }).toBe(1)
})

test('ringing into the void is told to a counter and never rejects', async () => {
  const { url } = await testRedis()
  await using proxy = await tcpProxy({ target: url })
  await using bus = await testBus(proxy.through(url))
  let lost = 0
  const bell = createDoorbell(bus.conn, { onLost: () => (lost += 1) })
  proxy.refuse()
  await bell.ringEvents('t', [eventOf(uniqueId('cal'), 1, 'call.status')])
  expect(lost).toBe(1)
})
