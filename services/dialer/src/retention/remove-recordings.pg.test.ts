import { connectDatabase, recordingParts, recordings, type Database } from '@callwire/db'
import { partKey } from '@callwire/recordings'
import { memoryStore, type MemoryStore } from '@callwire/recordings/testing'
import { systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs, type CapturedLogs } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { DialerDeps } from '../deps.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { wholeCalls, type WholeCalls } from '../test-support/whole-call.ts'
import { DAY_MS } from './decide-erasure.ts'
import { removeRecordings } from './remove-recordings.ts'
import { sweepRetention } from './sweep-retention.ts'

const suite = dialerSuite()
let whole: WholeCalls
let transcriber: Database
let phoneId: string
let store: MemoryStore
let logs: CapturedLogs
beforeAll(async () => {
  whole = await wholeCalls(suite.database)
  transcriber = await connectDatabase({
    url: suite.database.serviceUrl('transcriber'),
    applicationName: 'test-transcriber',
    maxConnections: 1,
  })
})
afterAll(async () => {
  await transcriber.close()
  await whole[Symbol.asyncDispose]()
})
beforeEach(async () => {
  phoneId = await suite.world.addPhone(null, { kind: 'stream' })
  store = memoryStore()
  logs = captureLogs()
})

const remove = (batchSize?: number) =>
  removeRecordings({ database: whole.dialer, store, log: logs.log }, batchSize)
const erase = () =>
  sweepRetention(
    {
      ...{ database: whole.dialer, clock: systemClock, random: systemRandom, log: logs.log },
      metrics: {
        erased: () => undefined,
        retentionRun: () => undefined,
      } as unknown as DialerDeps['metrics'],
    },
    new AbortController().signal,
  )

/** A call that ended so many days ago, with three objects in the store: two parts, and one without a row. */
async function addRecorded(days: number): Promise<string> {
  const { tenantId } = suite.world
  const callId = await whole.add(suite.world, phoneId, { endedAgoMs: days * DAY_MS + 60_000 })
  const [row] = await find(callId)
  const recordingId = row?.id ?? ''
  for (const [index, fromMs] of [0, 30_000, 60_000].entries()) {
    const key = partKey({ tenantId, callId, recordingId, fromMs, fence: 1 })
    await store.put(key, Buffer.from('sealed'))
    if (index === 2) continue
    await transcriber.withTenant(tenantId, (tx) =>
      tx.insert(recordingParts).values({
        ...{ tenantId, recordingId, fromMs, toMs: fromMs + 30_000, sampleRate: 8_000 },
        ...{ objectKey: key, bytes: 6 },
      }),
    )
  }
  return callId
}

const find = (callId: string) =>
  whole.dialer.withTenant(suite.world.tenantId, (tx) =>
    tx.select().from(recordings).where(eq(recordings.callId, callId)),
  )
const parts = async (callId: string) => {
  const [row] = await find(callId)
  return whole.dialer.withTenant(suite.world.tenantId, (tx) =>
    tx
      .select()
      .from(recordingParts)
      .where(eq(recordingParts.recordingId, row?.id ?? '')),
  )
}

test('what was erased goes from the store, rows and strays with it, and nothing else does', async () => {
  const [old, young] = [await addRecorded(40), await addRecorded(5)]
  await whole.keep(suite.world, { recordings: 30 })
  expect(await remove()).toBe(0)
  expect(store.objects.size).toBe(6)
  await erase()
  expect(await remove()).toBe(1)
  expect([...store.objects.keys()].every((key) => key.includes(young))).toBe(true)
  expect(store.objects.size).toBe(3)
  expect(await parts(old)).toEqual([])
  expect(await parts(young)).toHaveLength(2)
  expect(await find(old)).toMatchObject([{ wrapped: null, removedAt: expect.any(Date) as Date }])
  expect(await find(young)).toMatchObject([{ removedAt: null, erasedAt: null }])
  expect(await remove()).toBe(0)
})

test('a store that is away is asked again in another round', async () => {
  const callId = await addRecorded(40)
  await whole.keep(suite.world, { recordings: 30 })
  await erase()
  store.away(true)
  expect(await remove()).toBe(0)
  expect(logs.text()).toContain('recording_store_unreachable')
  expect(await find(callId)).toMatchObject([{ removedAt: null }])
  expect(await parts(callId)).toHaveLength(2)
  store.away(false)
  expect(await remove()).toBe(1)
  expect(store.objects.size).toBe(0)
})

test('many go batch by batch', async () => {
  for (let n = 0; n < 5; n += 1) await addRecorded(40 + n)
  await whole.keep(suite.world, { recordings: 30 })
  await erase()
  expect(await remove(2)).toBe(5)
  expect(store.objects.size).toBe(0)
})

test('without RECORDINGS_URL they wait, and the log says so', async () => {
  await addRecorded(40)
  await whole.keep(suite.world, { recordings: 30 })
  await erase()
  const deps = { database: whole.dialer, store: null, log: logs.log }
  expect(await removeRecordings(deps)).toBe(0)
  expect(logs.text()).toContain('RECORDINGS_URL is not set')
  expect(await remove()).toBe(1)
})
