import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createRecordingStore, toWav, type RecordingStore } from '@callwire/recordings'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { converse, slice } from '../testing/conversation.ts'
import { createFixture, type Fixture, type SeededCall } from '../testing/fixture.ts'
import { startForOneTest } from '../testing/one-test.ts'
import { startProcess } from '../testing/process.ts'
import { recorded } from './testing/recorded.ts'

let fixture: Fixture
let base: string
let directory: string
let store: RecordingStore
beforeAll(async () => {
  fixture = await createFixture()
  base = mkdtempSync(join(tmpdir(), 'recorder-'))
  directory = join(base, 'store')
  store = createRecordingStore({ kind: 'file', directory })
  await fixture.keepRecordings(true)
})
afterAll(async () => {
  await fixture[Symbol.asyncDispose]()
  rmSync(base, { recursive: true, force: true })
})

const settings = () => ({ kind: 'file', directory }) as const
const start = startForOneTest((o = { recordings: settings() }) => fixture.start(o))
/** For words and parts that come within seconds, on a busy machine within many. */
const patience = { boundMs: 60_000 }
const look = (call: SeededCall) =>
  recorded({ database: fixture.gateway, ring: fixture.ring, store }, call)

/** Two sentences more than half a minute apart: the first part is stored in mid-call. */
const { pcm } = converse([
  { line: '0: alpha bravo charlie delta', startMs: 400 },
  { line: '1: echo foxtrot golf hotel', startMs: 33_000 },
])
const script = ['alpha bravo charlie delta', 'echo foxtrot golf hotel']

async function expectWhole(call: SeededCall) {
  const finals = await fixture.finals(call)
  expect(finals.map(({ text }) => text)).toEqual(script)
  expect(await fixture.gaps(call)).toEqual([])
  const found = await look(call)
  expect(found?.wav.equals(toWav(pcm, 8_000))).toBe(true)
  expect(found?.row.recordedMs).toBe(pcm.length / 16)
  expect(found?.row.finishedAt).toBeInstanceOf(Date)
  return found
}

test('a recorded call is kept sample by sample, sealed, under a key of its own', async () => {
  const transcriber = await start()
  const call = await fixture.call()
  const socket = await fixture.socket(call)
  await socket.play(pcm)
  await socket.end()
  await fixture.done(call)
  const found = await expectWhole(call)
  expect(found?.rows.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
    [0, 30_000],
    [30_000, pcm.length / 16],
  ])
  const folder = join(directory, call.tenantId, call.callId)
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)))
  expect(files).toHaveLength(2)
  for (const file of files) {
    expect(file.includes('RIFF')).toBe(false)
    expect(file.includes(pcm.subarray(16_000, 16_064))).toBe(false)
  }
  await transcriber.stop()
})

test('a call that began without stays without, and one that began with goes on', async () => {
  const transcriber = await start()
  await fixture.keepRecordings(false)
  const [without, withIt] = [await fixture.call(), await fixture.call()]
  const first = await fixture.socket(without)
  await first.play(slice(pcm, 0, 2_000))
  await eventually(async () => (await fixture.finals(without)).length === 1, patience)
  await fixture.keepRecordings(true)
  const second = await fixture.socket(withIt)
  await second.play(slice(pcm, 0, 31_000))
  await eventually(async () => (await look(withIt))?.rows.length === 1, patience)
  await fixture.keepRecordings(false)
  await second.play(slice(pcm, 31_000))
  await first.play(slice(pcm, 2_000))
  await Promise.all([first.end(), second.end()])
  await fixture.done(withIt)
  await fixture.done(without)
  await fixture.keepRecordings(true)
  await expectWhole(withIt)
  expect(await look(without)).toBeNull()
  await transcriber.stop()
})

test('without a store nothing is kept, the words come, and the log says why', async () => {
  const transcriber = await start({})
  const call = await fixture.call()
  const socket = await fixture.socket(call)
  await socket.play(slice(pcm, 0, 2_000))
  await socket.end()
  await fixture.done(call)
  expect(await look(call)).toBeNull()
  expect((await fixture.finals(call)).map(({ text }) => text)).toEqual([script[0]])
  expect(fixture.logs.text()).toContain('RECORDINGS_URL is not set')
  await transcriber.stop()
})

describe('a transcriber that stops', () => {
  test.each([1_000, 29_950, 31_000, 33_500])(
    'in good order at %i ms: its successor records on',
    async (atMs) => {
      const first = await start()
      const call = await fixture.call()
      const socket = await fixture.socket(call)
      await socket.play(slice(pcm, 0, atMs))
      await eventually(async () => (await look(call)) !== null, patience)
      if (atMs > 30_000) {
        await eventually(async () => (await look(call))?.rows.length === 1, patience)
      }
      await first.stop()
      const second = await start()
      await socket.play(slice(pcm, atMs))
      await socket.end()
      await fixture.done(call)
      await expectWhole(call)
      await second.stop()
    },
  )

  test('killed: nothing is lost, doubled or left behind', async () => {
    const call = await fixture.call()
    await using first = await startProcess(fixture, {
      RECORDINGS_URL: pathToFileURL(directory).href,
    })
    const socket = await fixture.socket(call)
    await socket.play(slice(pcm, 0, 31_000))
    await eventually(async () => (await look(call))?.rows.length === 1, patience)
    first.signal('SIGKILL')
    await first.exited
    const row = (await look(call))?.row
    const folder = join(directory, call.tenantId, call.callId)
    // What a process leaves that dies between the object and its row.
    const left = `${row?.id ?? ''}-30000-1.wav.sealed`
    writeFileSync(join(folder, left), 'left')
    const second = await start()
    await socket.play(slice(pcm, 31_000))
    await socket.end()
    await fixture.done(call)
    await expectWhole(call)
    expect(readdirSync(folder)).toHaveLength(2)
    expect(readdirSync(folder)).not.toContain(left)
    await second.stop()
  })
})

test('the store is away: the words come, the audio waits in Redis and is kept when it is back', async () => {
  rmSync(directory, { recursive: true, force: true })
  writeFileSync(directory, 'in the way')
  const transcriber = await start()
  const call = await fixture.call()
  const socket = await fixture.socket(call)
  const long = converse([
    { line: '0: alpha bravo charlie delta', startMs: 400 },
    { line: '1: echo foxtrot golf hotel', startMs: 160_000 },
  ]).pcm
  await socket.play(long)
  await eventually(async () => (await fixture.finals(call)).length >= 1, patience)
  const before = await look(call).catch(() => null)
  expect(before?.rows).toEqual([])
  expect((await fixture.row(call)).ackedMs).toBe(0)
  rmSync(directory, { force: true })
  await socket.end()
  await fixture.done(call)
  expect((await look(call))?.wav.equals(toWav(long, 8_000))).toBe(true)
  expect((await look(call))?.rows).toHaveLength(6)
  expect((await fixture.events(call)).filter(({ type }) => type === 'alert')).toEqual([])
  await transcriber.stop()
})
