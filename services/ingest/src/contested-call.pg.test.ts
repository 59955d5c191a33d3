import { calls } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createFixture,
  type Fixture,
  type SeededCall,
  type SeededPhone,
} from './testing/fixture.ts'
import { basic, dial, mediaTexts, pcmOf, startText, stopText } from './testing/wire-client.ts'

let fixture: Fixture
let ingest: Awaited<ReturnType<Fixture['start']>>
let dialer: Awaited<ReturnType<Fixture['connect']>>
let phone: SeededPhone
beforeAll(async () => {
  fixture = await createFixture()
  ingest = await fixture.start()
  dialer = await fixture.connect('dialer')
})
beforeEach(async () => {
  phone = await fixture.seedPhone()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const stopped = { code: 1000, reason: 'stop' }

test('a sid that two tenants know is the call of the one whose credentials come', async () => {
  const other = await fixture.seedPhone()
  const mine = await fixture.seedCall(phone, { sid: 'both' })
  const theirs = await fixture.seedCall(other, { sid: 'both' })
  for (const [own, call] of [
    [phone, mine],
    [other, theirs],
  ] as const) {
    const client = await dial(ingest.url, basic(own.key, own.token))
    client.send(startText({ callSid: 'both' }), ...mediaTexts(pcmOf(5)), stopText())
    expect(await client.closed).toEqual(stopped)
    const events = await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
    expect(events.filter(({ type }) => type === 'stream.started')).toHaveLength(1)
    expect(await fixture.callsOf(own.tenantId)).toHaveLength(1)
  }
})

describe('a call that has ended', () => {
  const end = ({ tenantId, callId }: SeededCall, agoMs: number, more = {}) =>
    dialer.withTenant(tenantId, (tx) =>
      tx
        .update(calls)
        .set({ endedAt: new Date(Date.now() - agoMs), ...more })
        .where(eq(calls.id, callId)),
    )
  const play = async (call: SeededCall) => {
    const client = await dial(`${ingest.url}/t/${call.pathToken}`)
    client.send(startText({}), ...mediaTexts(pcmOf(5)), stopText())
    return client.closed
  }

  test('long ago is nobody’s who holds its token', async () => {
    const call = await fixture.seedCall(phone, { status: 'completed' })
    await end(call, 5 * 60_000)
    expect(await play(call)).toEqual({ code: 1008, reason: 'unknown call' })
    expect(await fixture.streamsOf(call.tenantId, call.callId)).toEqual([])
  })

  test('just now may still start', async () => {
    const call = await fixture.seedCall(phone, { status: 'completed' })
    await end(call, 1_000)
    expect(await play(call)).toEqual(stopped)
  })

  test('as never placed has news', async () => {
    const call = await fixture.seedCall(phone, { status: 'failed' })
    await end(call, 5 * 60_000, { reasonCode: 'not_placed' })
    expect(await play(call)).toEqual(stopped)
  })
})

test('the rate in the address is that of a start without one', async () => {
  const call = await fixture.seedCall(phone)
  const client = await dial(`${ingest.url}/t/${call.pathToken}?sample-rate=16000`)
  client.send('{"event":"start","start":{}}', ...mediaTexts(pcmOf(5)), stopText())
  expect(await client.closed).toEqual(stopped)
  await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
  expect(await fixture.streamsOf(call.tenantId, call.callId)).toMatchObject([
    { sampleRate: 16_000, audioMs: 50 },
  ])
})

test('a socket that left before its call was known takes it from nobody', async () => {
  const call = await fixture.seedCall(phone)
  const { tenantId, callId } = call
  const gone = await dial(ingest.url, basic(phone.key, phone.token))
  // It waits: a call of this phone is being placed, and has no name yet.
  await fixture.seedCall(phone)
  gone.send(startText({ callSid: 'named-late' }), ...mediaTexts(pcmOf(5)), stopText())
  expect(await gone.closed).toEqual(stopped)
  const live = await dial(`${ingest.url}/t/${call.pathToken}`)
  live.send(startText({}), ...mediaTexts(pcmOf(5)))
  await fixture.eventsWith(tenantId, callId, 'stream.started')
  await fixture.setSid(call, 'named-late')
  const events = await fixture.eventsWith(tenantId, callId, 'stream.ended')
  expect(events.find(({ type }) => type === 'stream.ended')?.data).toMatchObject({ frames: 5 })
  const rows = await fixture.streamsOf(tenantId, callId)
  const [ended, open] = rows.toSorted((a, b) => a.openedAt.getTime() - b.openedAt.getTime())
  expect([ended?.endedAt === null, open?.endedAt]).toEqual([false, null])
  live.send(...mediaTexts(pcmOf(5, 1), 7), stopText())
  expect(await live.closed).toEqual(stopped)
  const all = await fixture.eventsWith(tenantId, callId, 'stream.ended', 2)
  const reasons = all.flatMap(({ type, data }) =>
    type === 'stream.ended' ? [(data as { reason: string }).reason] : [],
  )
  expect(reasons).toEqual(['callended', 'callended'])
})
