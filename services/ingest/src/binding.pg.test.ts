import { openContent } from '@callwire/crypto'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createFixture, type Fixture, type SeededPhone } from './testing/fixture.ts'
import { basic, dial, mediaTexts, pcmOf, startText, stopText } from './testing/wire-client.ts'

let fixture: Fixture
let ingest: Awaited<ReturnType<Fixture['start']>>
let phone: SeededPhone
let asPhone: Record<string, string>
beforeAll(async () => {
  fixture = await createFixture()
  ingest = await fixture.start()
})
beforeEach(async () => {
  phone = await fixture.seedPhone()
  asPhone = basic(phone.key, phone.token)
})
afterAll(() => fixture[Symbol.asyncDispose]())

const identity = { code: 1008, reason: 'identity' }

async function play(start: string, headers = asPhone) {
  const client = await dial(ingest.url, headers)
  client.send(start, ...mediaTexts(pcmOf(5)), stopText())
  return client.closed
}

describe('binding', () => {
  test.each([
    ['a key', (id: string) => ({ [id]: '' })],
    ['a value', (id: string) => ({ call: id })],
  ])('by a call id as %s of the custom parameters', async (_name, custom) => {
    const call = await fixture.seedCall(phone)
    const callSid = `custom-${call.callId}`
    await play(startText({ callSid, custom: custom(call.callId) }))
    const events = await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
    expect(events.find((event) => event.type === 'stream.ended')?.data).toMatchObject({ frames: 5 })
    expect(await fixture.callsOf(phone.tenantId)).toHaveLength(1)
    expect((await fixture.callRow(call.tenantId, call.callId))?.sid).toBe(callSid)
  })

  test('by call_sid; media is no answer for a human agent', async () => {
    const call = await fixture.seedCall(phone, { sid: 'h1', agent: 'human', status: 'ringing' })
    await play(startText({ callSid: 'h1' }))
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
    expect((await fixture.callRow(call.tenantId, call.callId))?.status).toBe('ringing')
  })

  test('by a call_sid that is stored only after the start, its audio kept', async () => {
    const call = await fixture.seedCall(phone)
    const pcm = pcmOf(100)
    const client = await dial(ingest.url, asPhone)
    client.send(startText({ callSid: 'late' }), ...mediaTexts(pcm), stopText())
    // The peer is let go before its call is known.
    expect(await client.closed).toEqual({ code: 1000, reason: 'stop' })
    expect(await fixture.streamsOf(call.tenantId, call.callId)).toEqual([])
    await fixture.setSid(call, 'late')
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
    const entries = await fixture.entries(call.tenantId, call.callId)
    const audio = entries.flatMap((entry) => (entry.kind === 'audio' ? [entry.pcm] : []))
    expect(Buffer.concat(audio).equals(pcm)).toBe(true)
    expect(await fixture.callsOf(phone.tenantId)).toHaveLength(1)
  })

  test('otherwise to an inbound call on the phone, whatever `to` says', async () => {
    const client = await dial(ingest.url, asPhone)
    client.send(startText({ callSid: 'in1', from: '09812345678' }), ...mediaTexts(pcmOf(5)))
    const call = await eventually(async () => (await fixture.callsOf(phone.tenantId))[0])
    expect(call).toMatchObject({
      direction: 'inbound',
      status: 'in-progress',
      phoneId: phone.phoneId,
      sid: 'in1',
      personMasked: '+9198********',
    })
    const context = {
      purpose: 'person-number',
      tenantId: phone.tenantId,
      rowId: call.id,
      field: 'person',
    }
    const ring = fixture.config.contentRing
    expect(openContent(ring, context, call.personSealed ?? '').toString()).toBe('+919812345678')
    client.send(stopText())
    const events = await fixture.eventsWith(phone.tenantId, call.id, 'stream.ended')
    expect(events.map((event) => event.type)).toEqual([
      'call.status',
      'stream.started',
      'stream.ended',
      'call.status',
    ])
    expect(events[3]?.data).toEqual({ status: 'completed', previous: 'in-progress' })
  })

  test('two sockets of one unknown call make one inbound call', async () => {
    const clients = await Promise.all([dial(ingest.url, asPhone), dial(ingest.url, asPhone)])
    for (const client of clients) client.send(startText({ callSid: 'twin' }))
    await Promise.race(clients.map((client) => client.closed))
    expect(await fixture.callsOf(phone.tenantId)).toHaveLength(1)
    for (const client of clients) client.socket.terminate()
  })

  test('a caller who hides their number is one all the same', async () => {
    await play(startText({ callSid: 'anon', from: '' }))
    const call = await eventually(async () => (await fixture.callsOf(phone.tenantId))[0])
    expect(call).toMatchObject({
      direction: 'inbound',
      personMasked: expect.not.stringMatching(/\d/) as string,
    })
  })
})

describe('identity', () => {
  test("another tenant's call_sid closes 1008 and leaves nothing behind", async () => {
    const other = await fixture.seedPhone()
    const theirs = await fixture.seedCall(other, { sid: 'theirs' })
    expect(await play(startText({ callSid: 'theirs' }))).toEqual(identity)
    const mine = await fixture.seedCall(phone)
    const client = await dial(`${ingest.url}/t/${mine.pathToken}`)
    client.send(startText({ callSid: 'theirs' }))
    expect(await client.closed).toEqual(identity)
    expect(await fixture.streamsOf(other.tenantId, theirs.callId)).toEqual([])
    expect(await fixture.streamsOf(mine.tenantId, mine.callId)).toEqual([])
    expect(await fixture.callsOf(phone.tenantId)).toHaveLength(1)
  })

  test("another phone's call of the same tenant closes 1008", async () => {
    const sibling = await fixture.addPhone(phone.tenantId)
    const call = await fixture.seedCall(sibling, { sid: 'sibling' })
    expect(await play(startText({ callSid: 'sibling' }))).toEqual(identity)
    expect(await play(startText({ custom: { id: call.callId } }))).toEqual(identity)
  })

  test('a second start of another stream closes 1008, a repeated one does not', async () => {
    const call = await fixture.seedCall(phone)
    const client = await dial(`${ingest.url}/t/${call.pathToken}`)
    const start = startText({ callSid: 'twice' })
    client.send(start, ...mediaTexts(pcmOf(2)), start)
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
    client.send(startText({ callSid: 'thrice' }))
    expect(await client.closed).toEqual(identity)
  })

  test('the address alone binds no call that we did not place', async () => {
    const open = await fixture.start({ allowListAlone: true, allowedIps: ['127.0.0.1'] })
    await play(startText({ callSid: 'received' }))
    const client = await dial(open.url)
    client.send(startText({ callSid: 'received' }))
    expect(await client.closed).toEqual(identity)
    const unknown = await dial(open.url)
    unknown.send(startText({}))
    expect(await unknown.closed).toEqual({ code: 1008, reason: 'unknown call' })
  })
})

describe('takeover', () => {
  test('the first socket closes 1012, the clock goes on and the hole is a gap', async () => {
    const call = await fixture.seedCall(phone, { sid: 'over' })
    const first = await dial(ingest.url, asPhone)
    first.send(startText({ callSid: 'over' }), ...mediaTexts(pcmOf(10)))
    const started = await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
    await new Promise((resolve) => setTimeout(resolve, 500))
    const second = await dial(ingest.url, asPhone)
    second.send(startText({ callSid: 'over' }), ...mediaTexts(pcmOf(10, 5)))
    expect(await first.closed).toEqual({ code: 1012, reason: 'replaced' })
    second.send(stopText())
    expect(await second.closed).toEqual({ code: 1000, reason: 'stop' })

    const events = await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended', 2)
    // The first one's end is on record before the second one's audio is.
    expect(events.map((event) => event.type).slice(2)).toEqual([
      'stream.started',
      'stream.ended',
      'stream.started',
      'stream.ended',
    ])
    const ends = events.flatMap((event) => (event.type === 'stream.ended' ? [event.data] : []))
    expect(ends[0]).toMatchObject({ frames: 10, audioMs: 200, gaps: [], reason: 'replaced' })
    const starts = events.flatMap((event) => (event.type === 'stream.started' ? [event.data] : []))
    expect(started).toHaveLength(3)
    const apartMs = Date.parse(starts[1]?.startedAt ?? '') - Date.parse(starts[0]?.startedAt ?? '')
    expect(ends[1]).toMatchObject({
      frames: 10,
      audioMs: 200,
      gaps: [{ fromMs: 200, toMs: apartMs }],
      reason: 'callended',
    })
    const entries = await fixture.entries(call.tenantId, call.callId)
    const audio = entries.filter((entry) => entry.kind === 'audio')
    expect(audio.map((entry) => entry.startMs)).toEqual([0, 100, apartMs, apartMs + 100])
    const sealedAs = audio.map((entry) => `${entry.streamId}/${entry.index}`)
    expect(new Set(sealedAs).size).toBe(4)
    expect(entries).toContainEqual(
      expect.objectContaining({ kind: 'gap', fromMs: 200, toMs: apartMs }),
    )
  })

  test('also when the second socket comes to another process', async () => {
    const other = await fixture.start()
    const call = await fixture.seedCall(phone, { sid: 'across' })
    const first = await dial(ingest.url, asPhone)
    first.send(startText({ callSid: 'across' }), ...mediaTexts(pcmOf(10)))
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
    const second = await dial(other.url, asPhone)
    second.send(startText({ callSid: 'across' }), ...mediaTexts(pcmOf(10)))
    expect(await first.closed).toEqual({ code: 1012, reason: 'replaced' })
    second.send(stopText())
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended', 2)
  })

  test('an inbound call is completed by its last socket alone', async () => {
    const first = await dial(ingest.url, asPhone)
    first.send(startText({ callSid: 'in2' }), ...mediaTexts(pcmOf(5)))
    const call = await eventually(async () => (await fixture.callsOf(phone.tenantId))[0])
    const second = await dial(ingest.url, asPhone)
    second.send(startText({ callSid: 'in2' }), ...mediaTexts(pcmOf(5)))
    await first.closed
    await fixture.eventsWith(phone.tenantId, call.id, 'stream.ended')
    expect((await fixture.callRow(phone.tenantId, call.id))?.status).toBe('in-progress')
    second.send(stopText())
    await fixture.eventsWith(phone.tenantId, call.id, 'stream.ended', 2)
    expect((await fixture.callRow(phone.tenantId, call.id))?.status).toBe('completed')
    expect(await fixture.callsOf(phone.tenantId)).toHaveLength(1)
  })
})
