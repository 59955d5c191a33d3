import type { CallEvent } from '@callwire/contracts'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  eventsToReceipt,
  killService,
  startConstellation,
  type Constellation,
} from './constellation.ts'
import { messageOf, startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts'

let system: Constellation
let receiver: WebhookReceiver
let phoneId: string
const kept = new AsyncDisposableStack()
afterAll(() => kept.disposeAsync())

beforeAll(async () => {
  receiver = kept.use(await startWebhookReceiver())
  system = kept.use(
    await startConstellation({
      WEBHOOK_ALLOWED_HOSTS: receiver.host,
      API_RATE_PER_MINUTE: '0',
      CALL_POLL_AFTER_MS: '5000',
    }),
  )
  phoneId = await system.phoneWith({ name: 'Listener', kind: 'stream' })
  await system.simulator.script('short')
})

/** A webhook of its own for each test: what others hear goes elsewhere. */
let webhook: { id: string; secret: string }
beforeEach(async () => {
  const { webhooks } = await system.client.webhooks.list()
  for (const { id } of webhooks) await system.client.webhooks.delete(id)
  receiver.answer(204)
  const types = ['call.status', 'transcript.final', 'call.receipt', 'stream.ended']
  const added = (await system.cli(
    ...['webhooks', 'add', receiver.url, ...types.flatMap((type) => ['--event', type])],
  )) as { webhook: typeof webhook }
  webhook = added.webhook
})

let person = 9_876_600_000
async function placed(): Promise<string> {
  const to = `+91${String((person += 1))}`
  return (await system.client.calls.place({ phoneId, to })).call.id
}

/** What was told of a call, by its seq; a message that came twice is one. */
function told(callId: string): Map<number, CallEvent> {
  const events = receiver.arrived().flatMap((one) => {
    try {
      return [messageOf(one, webhook.secret).data as CallEvent]
    } catch {
      // Of another test's webhook.
      return []
    }
  })
  const own = events.filter((event) => event.callId === callId)
  return new Map(own.toSorted((a, b) => a.seq - b.seq).map((event) => [event.seq, event]))
}

const wanted = (events: readonly CallEvent[]) =>
  events.filter(({ type }) =>
    ['call.status', 'transcript.final', 'call.receipt', 'stream.ended'].includes(type),
  )

/** Waits until every fact of a call that the webhook is for has come, and each is the ledger's. */
async function everythingTold(callId: string): Promise<void> {
  const events = wanted(await eventsToReceipt(system.client, callId))
  expect(events.length).toBeGreaterThan(5)
  await eventually(() => told(callId).size === events.length, {
    boundMs: 60_000,
    what: 'every message',
  })
  expect([...told(callId).values()]).toEqual(events)
}

test('a call is told of, fact by fact, signed', async () => {
  await everythingTold(await placed())
})

test('a courier that is killed in the midst of it misses nothing', async () => {
  const callId = await placed()
  const restarts: number[] = []
  for (const seen of [1, 4]) {
    await eventually(() => told(callId).size >= seen, { boundMs: 60_000, what: 'a message' })
    restarts.push(killService(system, 'courier'))
    await eventually(
      () => {
        const pid = system.runFile().pids['courier']
        return pid !== undefined && !restarts.includes(pid)
      },
      { boundMs: 30_000, what: 'the courier again' },
    )
  }
  await everythingTold(callId)
})

test('a receiver that was down hears of it when somebody asks for it again', async () => {
  receiver.answer(503)
  const since = new Date(Date.now() - 1_000).toISOString()
  const callId = await placed()
  const events = wanted(await eventsToReceipt(system.client, callId))
  await eventually(
    async () => {
      const { deliveries } = await system.client.webhooks.deliveries(webhook.id)
      return deliveries.filter(({ lastStatus }) => lastStatus === 503).length >= events.length
    },
    { boundMs: 60_000, what: 'failures of every message' },
  )
  expect((await system.client.webhooks.get(webhook.id)).webhook.failingSince).not.toBeNull()
  const before = receiver.arrived().length
  receiver.answer(200)
  const again = await system.cli('webhooks', 'replay', webhook.id, '--since', since)
  expect((again as { replayed: number }).replayed).toBeGreaterThanOrEqual(events.length)
  await eventually(
    async () => {
      const { deliveries } = await system.client.webhooks.deliveries(webhook.id)
      return deliveries.every(({ state }) => state === 'delivered')
    },
    { boundMs: 60_000, what: 'every message delivered' },
  )
  const ids = receiver
    .arrived()
    .slice(before)
    .map((one) => messageOf(one, webhook.secret).id)
  const known = new Set(
    receiver
      .arrived()
      .slice(0, before)
      .map(({ headers }) => headers['webhook-id'] ?? ''),
  )
  // As the same messages: whoever did keep one knows it again.
  expect(ids.filter((id) => known.has(id)).length).toBeGreaterThanOrEqual(events.length)
  expect((await system.client.webhooks.get(webhook.id)).webhook.failingSince).toBeNull()
})

test('for a while messages are signed with the former secret too', async () => {
  const next = await system.client.webhooks.rotateSecret(webhook.id)
  const arrivedAfter = async () => {
    const { delivery } = await system.client.webhooks.test(webhook.id)
    return eventually(
      () => receiver.arrived().find(({ headers }) => headers['webhook-id'] === delivery.id),
      { boundMs: 30_000, what: 'the test message' },
    )
  }
  const both = await arrivedAfter()
  for (const secret of [webhook.secret, next.webhook.secret]) {
    expect(messageOf(both, secret)).toMatchObject({
      type: 'webhook.test',
      data: { type: 'webhook.test', data: { code: 'webhook_test', severity: 'info' } },
    })
  }
  const last = await system.client.webhooks.rotateSecret(webhook.id, { overlapHours: 0 })
  const one = await arrivedAfter()
  expect(messageOf(one, last.webhook.secret).type).toBe('webhook.test')
  for (const secret of [webhook.secret, next.webhook.secret]) {
    expect(() => messageOf(one, secret)).toThrow('not signed')
  }
})

test('an endpoint that says it is gone is turned off, and on again by a person', async () => {
  receiver.answer(410)
  await system.client.webhooks.test(webhook.id)
  await eventually(
    async () => {
      const { webhook: now } = await system.client.webhooks.get(webhook.id)
      return now.status === 'disabled' && now.disabledReason === 'gone'
    },
    { boundMs: 30_000, what: 'the webhook turned off' },
  )
  receiver.answer(204)
  await system.cli('webhooks', 'enable', webhook.id)
  await everythingTold(await placed())
})
