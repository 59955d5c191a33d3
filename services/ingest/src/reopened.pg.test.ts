import { mediaStreams, transcriptions } from '@callwire/db'
import { writeReceiptIfDone } from '@callwire/ledger'
import { eventually } from '@callwire/testkit'
import { and, eq, isNull, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixture, type Fixture, type SeededCall } from './testing/fixture.ts'
import { processEnvironment, startProcess } from './testing/process.ts'
import { basic, dial, mediaTexts, pcmOf, startText, stopText } from './testing/wire-client.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await createFixture()
})
afterAll(() => fixture[Symbol.asyncDispose]())

/** As the dialer's sweep and a transcriber leave a call whose socket was silent for too long. */
async function takeForLost({ tenantId, callId }: SeededCall) {
  const stale = and(eq(mediaStreams.callId, callId), isNull(mediaStreams.endedAt))
  const gateway = await fixture.connect('ingest')
  await fixture.ledger.transact(tenantId, callId, async (work) => {
    const [row] = await gateway.withTenant(tenantId, (tx) =>
      tx
        .update(mediaStreams)
        .set({ endedAt: sql`now()` })
        .where(stale)
        .returning(),
    )
    const { frames, audioMs, duplicated, rewound, gaps } = row ?? expect.fail()
    const data = { frames, audioMs, duplicated, rewound, gaps, reason: 'lost' }
    await work.append({ type: 'stream.ended', data })
  })
  const transcriber = await fixture.connect('transcriber')
  await transcriber.withTenant(tenantId, async (tx) => {
    await tx.update(transcriptions).set({ state: 'done' }).where(eq(transcriptions.callId, callId))
  })
}

async function stateOf({ tenantId, callId }: SeededCall) {
  const database = await fixture.connect('gateway')
  const [row] = await database.withTenant(tenantId, (tx) =>
    tx.select().from(transcriptions).where(eq(transcriptions.callId, callId)),
  )
  return row?.state
}

const rowOf = async ({ tenantId, callId }: SeededCall) =>
  (await fixture.streamsOf(tenantId, callId))[0] ?? expect.fail()

/** Sums what all ends told. */
async function told({ tenantId, callId }: SeededCall) {
  const events = await fixture.events(tenantId, callId)
  const ends = events.flatMap((one) => (one.type === 'stream.ended' ? [one.data] : []))
  const sum = (name: 'frames' | 'audioMs') => ends.reduce((all, end) => all + (end?.[name] ?? 0), 0)
  return { ends: ends.map((end) => end?.reason), frames: sum('frames'), audioMs: sum('audioMs') }
}

async function openCall() {
  const ingest = await fixture.start()
  const call = await fixture.seedCall(await fixture.seedPhone())
  const client = await dial(`${ingest.url}/t/${call.pathToken}`)
  client.send(startText({}), ...mediaTexts(pcmOf(10)))
  await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
  return { ingest, call, client }
}

test('a live socket that was taken for lost goes on: open, awaited, and heard', async () => {
  const { ingest, call, client } = await openCall()
  await using wakes = fixture.wakeUps()
  await eventually(async () => (await rowOf(call)).frames === 10)
  await takeForLost(call)
  const before = wakes.callIds.length
  await fixture.eventsWith(call.tenantId, call.callId, 'stream.started', 2)
  expect((await rowOf(call)).endedAt).toBeNull()
  expect(await stateOf(call)).toBe('pending')
  await eventually(() => wakes.callIds.length > before)
  client.send(...mediaTexts(pcmOf(10), 12))
  // A row counts what no end has told, and its clock goes on.
  await eventually(async () => (await rowOf(call)).frames === 10)
  expect((await rowOf(call)).clockMs).toBe(400)
  client.send(stopText())
  await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended', 2)
  expect(await told(call)).toEqual({ ends: ['lost', 'callended'], frames: 20, audioMs: 400 })
  await ingest.stop()
})

test('one that is taken for lost twice is told of once in all', async () => {
  const { ingest, call, client } = await openCall()
  for (const turn of [1, 2]) {
    await eventually(async () => (await rowOf(call)).frames === 10)
    await takeForLost(call)
    client.send(...mediaTexts(pcmOf(10), 2 + turn * 10))
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.started', turn + 1)
  }
  client.send(stopText())
  await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended', 3)
  expect(await told(call)).toEqual({
    ends: ['lost', 'lost', 'callended'],
    frames: 30,
    audioMs: 600,
  })
  await ingest.stop()
})

test('the rest of a socket that ended before anybody knew it was alive is awaited', async () => {
  const { ingest, call, client } = await openCall()
  await using wakes = fixture.wakeUps()
  await eventually(async () => (await rowOf(call)).frames === 10)
  await takeForLost(call)
  const before = wakes.callIds.length
  client.send(...mediaTexts(pcmOf(10), 12), stopText())
  await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended', 2)
  expect(await stateOf(call)).toBe('pending')
  await eventually(() => wakes.callIds.length > before)
  expect(await told(call)).toEqual({ ends: ['lost', 'callended'], frames: 20, audioMs: 400 })
  const isWritten = await fixture.ledger.transact(call.tenantId, call.callId, (work) =>
    writeReceiptIfDone(work, Date.now()),
  )
  expect(isWritten).toBe(false)
  await ingest.stop()
})

test('a process that stood still loses nothing of what its sockets had meanwhile', async () => {
  await using frozen = startProcess(processEnvironment(fixture))
  const phone = await fixture.seedPhone()
  const call = await fixture.seedCall(phone, { sid: 'frozen' })
  const client = await dial(await frozen.url(), basic(phone.key, phone.token))
  const pcm = pcmOf(1_500)
  const texts = mediaTexts(pcm)
  client.send(startText({ callSid: 'frozen' }), ...texts.slice(0, 50))
  await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
  frozen.signal('SIGSTOP')
  // It may have stood still with a lock in its hand.
  const isTaken = () =>
    takeForLost(call).then(
      () => true,
      () => false,
    )
  await eventually(isTaken, { boundMs: 60_000 })
  client.send(...texts.slice(50))
  frozen.signal('SIGCONT')
  await fixture.eventsWith(call.tenantId, call.callId, 'stream.started', 2)
  expect(await stateOf(call)).toBe('pending')
  client.send(stopText())
  await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended', 2)
  expect(await told(call)).toEqual({
    ends: ['lost', 'callended'],
    frames: 1_500,
    audioMs: 30_000,
  })
  const entries = await fixture.entries(call.tenantId, call.callId)
  const audio = entries.flatMap((entry) => (entry.kind === 'audio' ? [entry.pcm] : []))
  expect(Buffer.concat(audio).equals(pcm)).toBe(true)
})
