import { webhookSecrets } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { beforeEach, expect, test } from 'vitest'
import { answer } from '../test-support/receiver.ts'
import { courierSuite } from '../test-support/suite.ts'
import { metered, trials, verified } from '../test-support/trials.ts'

const suite = courierSuite()
const { start, pathOf, arrived, arrives, makeDue, message, attempted } = trials(suite)
let tenantId: string

beforeEach(async () => {
  tenantId = await suite.world.newTenant()
  suite.host.behave(answer(204))
})

test('is the event as everybody reads it, signed, and delivered once', async () => {
  await using courier = await start()
  const at = await suite.world.endpoint(tenantId, pathOf('whole'))
  const callId = await suite.world.newCall(tenantId)
  const [received] = await arrives('whole')
  const [event] = await suite.world.ledger.read(tenantId, callId, { after: 0, limit: 1 })
  expect(verified(at.secrets[0], received)).toEqual({
    type: 'call.status',
    timestamp: event?.at,
    data: event,
  })
  const row = await message(at, ({ state }) => state === 'delivered')
  expect(received?.headers).toMatchObject({
    'webhook-id': row.id,
    'content-type': 'application/json',
    'user-agent': 'Callwire-Webhooks/1',
  })
  const timestamp = Number(received?.headers['webhook-timestamp']) * 1_000
  expect(Math.abs(timestamp - (received?.atMs ?? 0))).toBeLessThan(60_000)
  expect(row).toMatchObject({ attempts: 1, lastStatus: 204, lastError: null, ownedUntil: null })
  expect(row.finishedAt).not.toBeNull()
  await suite.world.endpoint(tenantId, pathOf('whole-2'), { startsAt: new Date(0) })
  await arrives('whole-2')
  expect(arrived('whole')).toHaveLength(1)
  await metered(courier, 'callwire_webhook_attempts_total{outcome="delivered"} 2')
  await metered(courier, 'callwire_webhook_messages_total 2')
  // Each of its checks has half a second, which a busy machine may not give it at once.
  const ready = async () => (await fetch(`http://127.0.0.1:${courier.port}/readyz`)).json()
  await expect.poll(ready).toEqual({
    status: 'ok',
    checks: { postgres: 'ok', redis: 'ok', keys: 'ok' },
  })
  expect(courier.logs.text()).not.toContain('whsec_')
  expect(courier.logs.text()).not.toContain('/hook/')
})

test('about no call is its type, its time and its data', async () => {
  await using _courier = await start()
  const at = await suite.world.endpoint(tenantId, pathOf('alert'))
  await suite.world.raise(tenantId, { at: new Date() })
  const [received] = await arrives('alert')
  const { data } = verified(at.secrets[0], received)
  expect(data).toEqual({
    type: 'alert',
    at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    data: { code: 'breaker_open', severity: 'warn', message: 'A sentence.' },
  })
})

test('about a fact that was erased meanwhile does not say what was erased', async () => {
  const at = await suite.world.endpoint(tenantId, pathOf('erased'), {
    eventTypes: ['stream.dtmf'],
  })
  suite.host.behave(answer(500))
  await using _courier = await start()
  const callId = await suite.world.newCall(tenantId)
  await suite.world.facts(tenantId, callId, 1)
  await attempted(at)
  await eraseFacts(callId)
  suite.host.behave(answer(204))
  await makeDue(at)
  const [before, after] = await arrives('erased', 2)
  expect(before?.body).toContain('durationMs')
  const { data } = verified(at.secrets[0], after)
  expect(data).toMatchObject({ callId, seq: 2, data: null, erased: true })
  expect(after?.body).not.toContain('durationMs')
  expect(after?.headers['webhook-id']).toBe(before?.headers['webhook-id'])
})

test('is signed with the former secret, too, until that expires', async () => {
  await using _courier = await start()
  const at = await suite.world.endpoint(tenantId, pathOf('rotated'))
  const [former = ''] = at.secrets
  await suite.world.withTenant(tenantId, (tx) =>
    tx
      .update(webhookSecrets)
      .set({ expiresAt: new Date(Date.now() + 60_000) })
      .where(eq(webhookSecrets.endpointId, at.endpointId)),
  )
  const next = await suite.world.addSecret(at)
  const gone = await suite.world.addSecret(at, new Date(Date.now() - 1))
  await suite.world.newCall(tenantId)
  const [received] = await arrives('rotated')
  expect(verified(former, received)).toEqual(verified(next, received))
  expect(() => verified(gone, received)).toThrow()
  expect(received?.headers['webhook-signature']?.split(' ')).toHaveLength(2)
})

test('whose secret is another row’s is not sent', async () => {
  await using courier = await start()
  const at = await suite.world.endpoint(tenantId, pathOf('mixed'))
  const other = await suite.world.endpoint(tenantId, pathOf('mixed-other'), {
    eventTypes: ['transcript.gap'],
  })
  await swapSecrets(at.endpointId, other.endpointId)
  await suite.world.newCall(tenantId)
  const row = await attempted(at)
  expect(row).toMatchObject({
    state: 'pending',
    lastError: 'secret_unreadable',
    lastStatus: null,
  })
  expect(arrived('mixed')).toEqual([])
  expect((await suite.world.endpointRow(at)).failingSince).toBeNull()
  expect(courier.logs.lines()).toContainEqual(
    expect.objectContaining({ level: 'error', msg: 'signing secret does not open' }),
  )
})

/** As erasure does: data and salt go, the commit stays. */
async function eraseFacts(callId: string): Promise<void> {
  await suite.world.sql`
    update call_events set data = null, salt = null, erased = true where call_id = ${callId}`
}

/** As whoever can write the database could. */
async function swapSecrets(one: string, other: string): Promise<void> {
  await suite.world.sql`
    update webhook_secrets set sealed =
      (select s.sealed from webhook_secrets s where s.endpoint_id = ${other})
    where endpoint_id = ${one}`
}
