import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { calls, mediaStreams } from '@callwire/db'
import { captureLogs, eventually, manualClock } from '@callwire/testkit'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nothingCounted } from './counters.ts'
import { createHeartbeats, type Heartbeats } from './heartbeats.ts'
import type { Beat, HeartbeatNews } from './keep-fresh.ts'
import { createFixture, type Fixture, type SeededCall } from './testing/fixture.ts'

let fixture: Fixture
let ingest: Awaited<ReturnType<Fixture['start']>>
beforeAll(async () => {
  fixture = await createFixture()
  ingest = await fixture.start()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const { random, nowMs } = { random: (n: number) => Buffer.alloc(n, ++made), nowMs: Date.now() }
let made = 0
const keySalt = Buffer.alloc(16, 1).toString('base64url')

/** A socket's row, as an ingest has it that is not the one of this test. */
async function openRow({ tenantId, callId }: SeededCall): Promise<string> {
  const id = newId('stream', { nowMs: nowMs + made, random: random(ID_RANDOM_BYTES) })
  const row = { tenantId, id, callId, streamSid: 's', sampleRate: 8000, keySalt }
  await ingest.context.database.withTenant(tenantId, async (tx) => {
    await tx.insert(mediaStreams).values({ ...row, heartbeatAt: sql`now() - interval '1 hour'` })
  })
  return id
}

function setUp() {
  const clock = manualClock()
  let statements = 0
  const { database } = ingest.context
  const counted: Parameters<typeof createHeartbeats>[0]['database'] = {
    withTenant: (tenantId, work) => {
      statements += 1
      return database.withTenant(tenantId, work)
    },
  }
  const heartbeats = createHeartbeats({ database: counted, clock, log: captureLogs().log })
  const heard = new Map<string, HeartbeatNews>()
  const add = (call: SeededCall, id: string, told: Partial<Beat> = {}) =>
    join(heartbeats, heard, call, { id, callId: call.callId, ...counters, ...told })
  const round = async (ids: string[]) => {
    heard.clear()
    statements = 0
    await clock.advance(3_000)
    await eventually(() => ids.every((id) => heard.has(id)))
    return statements
  }
  return { heartbeats, heard, add, round, [Symbol.asyncDispose]: () => stop(heartbeats, clock) }
}

const counters = { ...nothingCounted, framesPerSecond: 0, bufferedMs: 0 }

function join(
  heartbeats: Heartbeats,
  heard: Map<string, HeartbeatNews>,
  { tenantId }: SeededCall,
  beat: Beat,
) {
  return heartbeats.add({ tenantId, beat: () => beat, hear: (news) => heard.set(beat.id, news) })
}

async function stop(heartbeats: Heartbeats, clock: ReturnType<typeof manualClock>): Promise<void> {
  const stopped = heartbeats[Symbol.asyncDispose]()
  await clock.advance(3_000)
  await stopped
}

test('all rows of a tenant are told in one statement, with what each has received', async () => {
  const [ours, others] = [await fixture.seedPhone(), await fixture.seedPhone()]
  const [a, b, c] = [
    await fixture.seedCall(ours),
    await fixture.seedCall(ours),
    await fixture.seedCall(others),
  ]
  const ids = [await openRow(a), await openRow(b), await openRow(c)]
  const gaps = [{ fromMs: 20, toMs: 40 }]
  await using it = setUp()
  it.add(a, ids[0] ?? '', { frames: 150, audioMs: 3_000, clockMs: 3_020, gaps })
  it.add(b, ids[1] ?? '', { framesPerSecond: 49, bufferedMs: 700 })
  it.add(c, ids[2] ?? '', { duplicated: 1, rewound: 2 })
  expect(await it.round(ids)).toBe(2)
  const none = { replaced: false, canceled: false, ended: null }
  expect([...it.heard.values()]).toEqual([none, none, none])
  const rowOf = async (call: SeededCall) =>
    (await fixture.streamsOf(call.tenantId, call.callId))[0] ?? expect.fail()
  const rows = [await rowOf(a), await rowOf(b), await rowOf(c)]
  expect(rows).toMatchObject([
    { frames: 150, audioMs: 3_000, clockMs: 3_020, gaps },
    { frames: 0, framesPerSecond: 49, bufferedMs: 700, gaps: [] },
    { duplicated: 1, rewound: 2 },
  ])
  for (const row of rows) expect(Date.now() - row.heartbeatAt.getTime()).toBeLessThan(600_000)
})

test('it tells of a newer socket and of a call that was taken back', async () => {
  const phone = await fixture.seedPhone()
  const call = await fixture.seedCall(phone)
  const older = await openRow(call)
  await using it = setUp()
  it.add(call, older)
  await it.round([older])
  expect(it.heard.get(older)).toMatchObject({ replaced: false, canceled: false })
  await openRow(call)
  await it.round([older])
  expect(it.heard.get(older)).toMatchObject({ replaced: true, canceled: false })
  await ingest.context.database.withTenant(call.tenantId, async (tx) => {
    await tx.update(calls).set({ status: 'canceled' }).where(eq(calls.id, call.callId))
  })
  await it.round([older])
  expect(it.heard.get(older)).toMatchObject({ replaced: true, canceled: true })
})

test('a row that is held is not waited for, one that ended is left, who left is not told', async () => {
  const phone = await fixture.seedPhone()
  const calls = [await fixture.seedCall(phone), await fixture.seedCall(phone)] as const
  const [held, ended] = [await openRow(calls[0]), await openRow(calls[1])]
  const { database } = ingest.context
  const { tenantId } = phone
  await database.withTenant(tenantId, async (tx) => {
    await tx
      .update(mediaStreams)
      .set({ endedAt: sql`now()` })
      .where(eq(mediaStreams.id, ended))
  })
  await using it = setUp()
  it.add(calls[0], held, { frames: 7 })
  const leave = it.add(calls[1], ended, { frames: 7 })
  await database.withTenant(tenantId, async (tx) => {
    await tx.select().from(mediaStreams).where(eq(mediaStreams.id, held)).for('update')
    await it.round([held, ended])
  })
  const framesOf = async ({ callId }: SeededCall) =>
    (await fixture.streamsOf(tenantId, callId))[0]?.frames
  expect([await framesOf(calls[0]), await framesOf(calls[1])]).toEqual([0, 0])
  expect(it.heard.get(held)?.ended).toBeNull()
  expect(it.heard.get(ended)?.ended).toEqual(nothingCounted)
  leave()
  await it.round([held])
  expect([await framesOf(calls[0]), await framesOf(calls[1])]).toEqual([7, 0])
  expect(it.heard.has(ended)).toBe(false)
})

test('of two sockets the one that was opened later is newer, also when it has ended', async () => {
  const call = await fixture.seedCall(await fixture.seedPhone())
  const { tenantId, callId } = call
  const row = { tenantId, callId, streamSid: 's', sampleRate: 8000, keySalt }
  const idOf = (ms: number) => newId('stream', { nowMs: ms, random: random(ID_RANDOM_BYTES) })
  // The first was opened by a host whose clock is ahead.
  const [first, second] = [idOf(nowMs + 60_000), idOf(nowMs)]
  const { database } = ingest.context
  const set = (id: string, change: { endedAt: ReturnType<typeof sql> | null }) =>
    database.withTenant(tenantId, async (tx) => {
      await tx.update(mediaStreams).set(change).where(eq(mediaStreams.id, id))
    })
  await database.withTenant(tenantId, async (tx) => {
    const openedAt = sql`now() - interval '30 s'`
    await tx.insert(mediaStreams).values({ ...row, id: first, openedAt })
    await tx.insert(mediaStreams).values({ ...row, id: second })
  })
  await using it = setUp()
  it.add(call, first)
  it.add(call, second)
  const replaced = async () => {
    await it.round([first, second])
    return [first, second].map((id) => it.heard.get(id)?.replaced)
  }
  expect(await replaced()).toEqual([true, false])
  await set(first, { endedAt: sql`now()` })
  expect(await replaced()).toEqual([true, false])
  await set(first, { endedAt: null })
  await set(second, { endedAt: sql`now()` })
  // Exotel went on to another socket and does not come back to this one.
  expect(await replaced()).toEqual([true, false])
})

test('numbers that no row can hold stop no heartbeat but their own', async () => {
  const phone = await fixture.seedPhone()
  const calls = await Promise.all(Array.from({ length: 5 }, () => fixture.seedCall(phone)))
  await using it = setUp()
  const ids: string[] = []
  for (const [at, call] of calls.entries()) {
    const id = await openRow(call)
    it.add(call, id, { frames: 7, clockMs: at === 3 ? 2 ** 31 : 140 })
    if (at !== 3) ids.push(id)
  }
  await it.round(ids)
  const rows = await Promise.all(
    calls.map(({ tenantId, callId }) => fixture.streamsOf(tenantId, callId)),
  )
  expect(rows.map(([row]) => row?.frames)).toEqual([7, 7, 7, 0, 7])
})
