import { recordings } from '@callwire/db'
import { PART_MS, partKey, toWav } from '@callwire/recordings'
import { memoryStore, type MemoryStore } from '@callwire/recordings/testing'
import { eventually } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Claim } from '../claim-call.ts'
import { createFixture, type Fixture, type SeededCall } from '../testing/fixture.ts'
import { recorded } from './testing/recorded.ts'
import * as of from './testing/recorder-under-test.ts'

let fixture: Fixture
let store: MemoryStore
beforeAll(async () => {
  fixture = await createFixture()
  await fixture.keepRecordings(true)
})
afterAll(() => fixture[Symbol.asyncDispose]())
beforeEach(() => {
  store = memoryStore()
})

const seed = () => of.seed(fixture)
const claim = (call: SeededCall, owner: string) => of.claim(fixture, call, owner)
const listen = (claimed: Claim, finishWaitMs?: number) =>
  of.listen(fixture, claimed, { store, ...(finishWaitMs === undefined ? {} : { finishWaitMs }) })
const alerts = (call: SeededCall) => of.alertsOf(fixture, call)
const look = (call: SeededCall) =>
  recorded({ database: fixture.gateway, ring: fixture.ring, store }, call)

test('a holder that was frozen writes nothing over its successor, and takes its object back', async () => {
  const call = await seed()
  const frozen = await listen(await claim(call, 'one'))
  const thaw = Promise.withResolvers<undefined>()
  const isPutting = Promise.withResolvers<undefined>()
  store.beforePut = async () => {
    store.beforePut = null
    isPutting.resolve(undefined)
    await thaw.promise
  }
  await of.hear(frozen.listener, 0, 30_000)
  await isPutting.promise
  const successor = await listen(await claim(call, 'two'))
  await of.hear(successor.listener, 0, 40_000)
  await successor.listener.finish(of.undisturbed)
  thaw.resolve(undefined)
  await eventually(() => [...store.objects.keys()].every((key) => key.includes('-2.wav')))
  const found = await look(call)
  expect(found?.rows.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
    [0, 30_000],
    [30_000, 40_000],
  ])
  expect(found?.wav.equals(toWav(of.sound(0, 40_000), 8_000))).toBe(true)
  await eventually(() => store.objects.size === 2)
  frozen.listener.abort()
  successor.listener.abort()
})

test('a successor clears up behind holders before it, and touches nothing of those after it', async () => {
  const call = await seed()
  const first = await listen(await claim(call, 'one'))
  first.listener.abort()
  const { listener } = await listen(await claim(call, 'two'))
  await of.hear(listener, 0, 10_000)
  const { tenantId, callId } = call
  const recordingId = (await look(call))?.row.id ?? ''
  const [before, after] = [1, 3].map((fence) =>
    partKey({ tenantId, callId, recordingId, fromMs: 5_000, fence }),
  )
  for (const key of [before ?? '', after ?? '']) await store.put(key, Buffer.from('theirs'))
  await listener.finish(of.undisturbed)
  listener.abort()
  expect([...store.objects.keys()].toSorted()).toEqual(
    [partKey({ tenantId, callId, recordingId, fromMs: 0, fence: 2 }), after].toSorted(),
  )
})

test('what is not stored is not acknowledged', async () => {
  const call = await seed()
  const { listener, acknowledger } = await listen(await claim(call, 'one'))
  const words = acknowledger.mark()
  acknowledger.read('1-0', 20_000)
  acknowledger.read('2-0', PART_MS)
  acknowledger.read('3-0', 40_000)
  words.moveTo(40_000)
  store.away(true)
  await of.hear(listener, 0, 31_000)
  expect(acknowledger.position().ackedMs).toBe(0)
  store.away(false)
  await eventually(() => acknowledger.position().ackedId === '2-0')
  expect(acknowledger.position().ackedMs).toBe(PART_MS)
  await of.hear(listener, 31_000, 40_000)
  await listener.finish(of.undisturbed)
  expect(acknowledger.position().ackedId).toBe('3-0')
  listener.abort()
})

test('a store that is away at the end, for too long: the end comes, and says that something is missing', async () => {
  const call = await seed()
  const { listener } = await listen(await claim(call, 'one'), 100)
  await of.hear(listener, 0, 31_000)
  await eventually(async () => (await look(call))?.rows.length === 1)
  store.away(true)
  await listener.finish(of.undisturbed)
  listener.abort()
  store.away(false)
  expect(await alerts(call)).toEqual(['recording_incomplete'])
  const found = await look(call)
  expect(found?.row.recordedMs).toBe(PART_MS)
  expect(found?.wav.equals(toWav(of.sound(0, PART_MS), 8_000))).toBe(true)
})

test('nothing more is kept of a recording that is erased while its call goes on', async () => {
  const call = await seed()
  const { listener, acknowledger } = await listen(await claim(call, 'one'))
  const words = acknowledger.mark()
  const dialer = await fixture.dialer()
  await dialer.withTenant(call.tenantId, (tx) =>
    tx
      .update(recordings)
      .set({ wrapped: null, erasedAt: new Date() })
      .where(eq(recordings.callId, call.callId)),
  )
  await of.hear(listener, 0, 31_000)
  acknowledger.read('1-0', 31_000)
  words.moveTo(31_000)
  await eventually(() => acknowledger.position().ackedId === '1-0')
  await listener.finish(of.undisturbed)
  listener.abort()
  expect(store.objects.size).toBe(0)
  expect(await alerts(call)).toEqual([])
})

test('after it is told to stop, nothing is written', async () => {
  const call = await seed()
  const { listener } = await listen(await claim(call, 'one'))
  await of.hear(listener, 0, 10_000)
  listener.abort()
  await of.hear(listener, 10_000, 40_000)
  await listener.finish(of.undisturbed)
  expect(store.objects.size).toBe(0)
  expect((await look(call))?.row).toMatchObject({ recordedMs: 0, finishedAt: null })
})
