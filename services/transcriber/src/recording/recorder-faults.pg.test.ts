import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordings } from '@callwire/db'
import { memoryStore, type MemoryStore } from '@callwire/recordings/testing'
import { eventually } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { converse, slice } from '../testing/conversation.ts'
import { createFixture, type Fixture, type SeededCall } from '../testing/fixture.ts'
import { alertsOf, claim, hear, listen, seed, undisturbed } from './testing/recorder-under-test.ts'

let fixture: Fixture
let base: string
let store: MemoryStore
beforeAll(async () => {
  fixture = await createFixture()
  base = mkdtempSync(join(tmpdir(), 'recorder-faults-'))
  await fixture.keepRecordings(true)
})
afterAll(async () => {
  await fixture[Symbol.asyncDispose]()
  rmSync(base, { recursive: true, force: true })
})
beforeEach(() => {
  store = memoryStore()
})

const { pcm } = converse(['0: alpha bravo charlie delta', '1: echo foxtrot golf hotel'])
const script = ['alpha bravo charlie delta', 'echo foxtrot golf hotel']

async function rowOf({ tenantId, callId }: SeededCall) {
  const [row] = await fixture.gateway.withTenant(tenantId, (tx) =>
    tx.select().from(recordings).where(eq(recordings.callId, callId)),
  )
  return row
}

test('a put that hangs does not keep a call from its end', async () => {
  const call = await seed(fixture)
  const claimed = await claim(fixture, call, 'one')
  const { listener } = await listen(fixture, claimed, { store, finishWaitMs: 100 })
  store.beforePut = () => new Promise(() => undefined)
  await hear(listener, 0, 31_000)
  await listener.finish(undisturbed)
  listener.abort()
  expect(await alertsOf(fixture, call)).toEqual(['recording_incomplete'])
})

test('who waits for an absent store hands over at once when told to, and writes nothing', async () => {
  const call = await seed(fixture)
  const { listener } = await listen(fixture, await claim(fixture, call, 'one'), {
    ...{ store, finishWaitMs: 3_600_000 },
  })
  store.away(true)
  await hear(listener, 0, 31_000)
  const stop = new AbortController()
  const finishing = listener.finish(stop.signal)
  stop.abort()
  await finishing
  listener.abort()
  expect(await alertsOf(fixture, call)).toEqual([])
  expect(await rowOf(call)).toMatchObject({ recordedMs: 0, finishedAt: null })
})

test('a transcriber that waits for an absent store at a call’s end gives the call to another', async () => {
  const directory = join(base, 'store')
  writeFileSync(directory, 'in the way')
  const start = () => fixture.start({ recordings: { kind: 'file', directory } })
  const first = await start()
  const call = await fixture.call()
  const socket = await fixture.socket(call)
  await socket.play(pcm)
  await socket.end()
  // Its only part is whole when the call has ended.
  const isWaiting = (line: string) =>
    line.includes('recording not stored') && line.includes(call.callId)
  await eventually(() => fixture.logs.text().split('\n').some(isWaiting), { boundMs: 20_000 })
  await first.stop()
  expect((await fixture.row(call)).state).toBe('pending')
  rmSync(directory)
  const second = await start()
  await fixture.done(call)
  expect((await rowOf(call))?.recordedMs).toBe(pcm.length / 16)
  expect(await alertsOf(fixture, call)).toEqual([])
  await second.stop()
})

test('what a former holder could not keep is told at the end, also by its successor', async () => {
  const call = await seed(fixture)
  const first = await listen(fixture, await claim(fixture, call, 'one'), { store })
  store.beforePut = () => {
    throw new TypeError('a fault of ours')
  }
  await hear(first.listener, 0, 61_000)
  const words = first.acknowledger.mark()
  first.acknowledger.read('5-0', 60_000)
  words.moveTo(60_000)
  await eventually(() => first.acknowledger.position().ackedId === '5-0')
  first.listener.abort()
  store.beforePut = null
  const claimed = await claim(fixture, call, 'two')
  const acked = { ackedId: '5-0', ackedMs: 60_000 }
  const second = await listen(fixture, { ...claimed, ...acked }, { store })
  await hear(second.listener, 60_000, 90_000)
  await second.listener.finish(undisturbed)
  second.listener.abort()
  expect(await alertsOf(fixture, call)).toEqual(['recording_incomplete'])
  // Told once: the call goes on in another socket.
  const again = await claim(fixture, call, 'three')
  const third = await listen(fixture, { ...again, ackedMs: 95_000 }, { store })
  await third.listener.finish(undisturbed)
  third.listener.abort()
  expect(await alertsOf(fixture, call)).toEqual(['recording_incomplete'])
})

test('a holder without a store says at the end that the recording is not whole', async () => {
  const call = await seed(fixture)
  const first = await listen(fixture, await claim(fixture, call, 'one'), { store })
  first.listener.abort()
  const second = await listen(fixture, await claim(fixture, call, 'two'), { store: null })
  await hear(second.listener, 0, 31_000)
  await second.listener.finish(undisturbed)
  second.listener.abort()
  expect(await alertsOf(fixture, call)).toEqual(['recording_incomplete'])
  expect((await rowOf(call))?.finishedAt).toBeInstanceOf(Date)
})

test('a recording whose key does not open is an alert, and the words go on', async () => {
  const directory = join(base, 'opens')
  const start = () => fixture.start({ recordings: { kind: 'file', directory } })
  const first = await start()
  const call = await fixture.call()
  const socket = await fixture.socket(call)
  await socket.play(slice(pcm, 0, 1_000))
  await eventually(async () => (await rowOf(call)) !== undefined)
  await first.stop()
  await fixture.loseRecordingKey(call)
  const second = await start()
  await socket.play(slice(pcm, 1_000))
  await socket.end()
  await fixture.done(call)
  expect((await fixture.finals(call)).map(({ text }) => text)).toEqual(script)
  expect(await fixture.gaps(call)).toEqual([])
  expect(await alertsOf(fixture, call)).toEqual(['recording_incomplete'])
  expect(fixture.logs.text()).toContain('recording_key_unreadable')
  await second.stop()
})
