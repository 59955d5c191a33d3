import type { AudioEntry } from '@callwire/bus'
import { BusError } from '@callwire/bus'
import { captureLogs, manualClock } from '@callwire/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createOutbox, KEEP_MS, MOST_BYTES, type Range } from './outbox.ts'

/** A Redis that is sound, away, does not answer or takes no more, and may come back empty. */
function setUp() {
  const clock = manualClock()
  const lost: Range[] = []
  let taken: { id: string; entry: AudioEntry }[] = []
  let state: 'sound' | 'away' | 'silent' | 'full' = 'sound'
  let answer: () => void = () => undefined
  let lastId = 0
  const ask = async <T>(work: () => T): Promise<T> => {
    if (state === 'away') throw new BusError('unavailable', 'Redis does not answer.')
    if (state === 'silent') await new Promise<void>((resolve) => (answer = resolve))
    return work()
  }
  const outbox = createOutbox({
    streamId: 's',
    sink: {
      append: (entry) =>
        ask(() => {
          if (state === 'full') throw new BusError('refuses_writes', 'Redis takes no writes now.')
          lastId += 1
          taken.push({ id: `1-${lastId}`, entry })
          return `1-${lastId}`
        }),
      has: (id) => ask(() => taken.some((one) => one.id === id)),
      losses: () => 0,
      idsAfter: () => ask(() => taken.map(({ id }) => id)),
      exists: () => ask(() => taken.length > 0),
      wakeTranscriber: () => ask(() => undefined),
    },
    clock,
    random: (bytes) => Buffer.alloc(bytes, 7),
    log: captureLogs().log,
    onLost: (range) => lost.push(range),
    onAppended: () => undefined,
    onAppendFailed: () => undefined,
  })
  let [index, atMs] = [0, 0]
  const block = (bytes = 1_616, ms = 100) => {
    const entry = { kind: 'audio', streamId: 's', index, startMs: atMs } as const
    index += 1
    atMs += ms
    outbox.push({ ...entry, sealed: Buffer.alloc(bytes) }, atMs)
  }
  const gap = (ms: number) => {
    const entry = { kind: 'gap', streamId: 's', fromMs: atMs, toMs: atMs + ms } as const
    atMs += ms
    outbox.push(entry, atMs)
  }
  return {
    ...{ clock, lost, outbox, block, gap },
    set: (next: typeof state) => {
      state = next
      answer()
    },
    forgetAll: () => {
      taken = []
    },
    entries: () => taken.map(({ entry }) => entry),
    indices: () => taken.flatMap(({ entry }) => (entry.kind === 'audio' ? entry.index : [])),
  }
}

const upTo = (count: number) => [...Array(count).keys()]
const msOf = (ranges: readonly Range[]) =>
  ranges.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)

test('forty seconds of audio that come at once go to Redis whole', async () => {
  const it = setUp()
  for (let i = 0; i < 400; i += 1) it.block()
  await it.clock.advance(1)
  expect([it.indices(), it.lost]).toEqual([upTo(400), []])
})

test('a process that stood still has lost nothing of what waited meanwhile', async () => {
  const it = setUp()
  it.set('silent')
  for (let i = 0; i < 10; i += 1) it.block()
  await it.clock.advance(30_000)
  for (let i = 0; i < 150; i += 1) it.block()
  it.set('sound')
  await it.clock.advance(1)
  expect([it.indices(), it.lost]).toEqual([upTo(160), []])
})

test('a hole in the numbering does not make Redis forgetful: what was before it goes again', async () => {
  const it = setUp()
  for (let i = 0; i < 50; i += 1) {
    it.block()
    await it.clock.advance(100)
  }
  it.gap(60_000)
  it.block()
  await it.clock.advance(100)
  it.forgetAll()
  it.outbox.recheck()
  await it.clock.advance(1)
  expect(it.indices()).toEqual(upTo(51))
})

test('what arrives whenever and in whatever bursts is whole when Redis is away for ten seconds', async () => {
  const burst = fc.record({ blocks: fc.integer({ min: 0, max: 60 }), afterMs: fc.nat(3_000) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(burst, { maxLength: 12 }),
      fc.nat(20_000),
      fc.nat(10_000),
      async (bursts, awayFromMs, awayMs) => {
        const it = setUp()
        const toMs = awayFromMs + awayMs
        let [count, nowMs] = [0, 0]
        for (const { blocks, afterMs } of [...bursts, { blocks: 1, afterMs: 40_000 }]) {
          for (const until of [awayFromMs, toMs, nowMs + afterMs]) {
            if (until <= nowMs || until > nowMs + afterMs) continue
            await it.clock.advance(until - nowMs)
            nowMs = until
            it.set(nowMs >= awayFromMs && nowMs < toMs ? 'away' : 'sound')
          }
          for (let i = 0; i < blocks; i += 1) it.block()
          count += blocks
        }
        await it.clock.advance(2_000)
        expect([it.indices(), it.lost]).toEqual([upTo(count), []])
      },
    ),
    { numRuns: 60 },
  )
})

const blockBytes = 64_000

test('what is more than may wait gives way, oldest first, to one gap', async () => {
  const it = setUp()
  it.set('away')
  it.block(blockBytes)
  await it.clock.advance(1)
  for (let i = 1; i < 100; i += 1) it.block(blockBytes)
  it.set('sound')
  await it.clock.advance(1_000)
  const [first, ...rest] = it.entries()
  expect(first).toEqual({ kind: 'gap', streamId: 's', fromMs: 0, toMs: msOf(it.lost) })
  expect(rest.length).toBe(100 - it.lost.length)
  expect(rest.length * blockBytes).toBeLessThan(MOST_BYTES)
  expect((rest.length + 2) * blockBytes).toBeGreaterThan(MOST_BYTES)
})

test('what was handed over is kept by its bytes as well', async () => {
  const it = setUp()
  for (let i = 0; i < 100; i += 1) {
    it.block(blockBytes)
    await it.clock.advance(1)
  }
  it.forgetAll()
  it.outbox.recheck()
  await it.clock.advance(1)
  const kept = it.indices()
  expect(kept).toEqual(upTo(100).slice(100 - kept.length))
  expect(kept.length).toBe(Math.floor(MOST_BYTES / (blockBytes + 64)))
})

test('holes and lost audio are one gap, however many they are while Redis is away', async () => {
  const it = setUp()
  it.set('away')
  for (let i = 0; i < 1_000; i += 1) {
    it.gap(20)
    it.block(336, 20)
    await it.clock.advance(40)
  }
  it.set('sound')
  await it.clock.advance(1_000)
  const [first, second] = it.entries()
  const toMs = 40_000 - KEEP_MS
  expect(first).toMatchObject({ kind: 'gap', fromMs: 0 })
  expect([first?.kind === 'gap' && first.toMs, second?.kind]).toEqual([toMs + 20, 'audio'])
  expect(msOf(it.lost)).toBe(toMs / 2)
})

test('a Redis that answers and takes no writes is away as well', async () => {
  const it = setUp()
  it.block()
  await it.clock.advance(100)
  it.set('full')
  for (let i = 0; i < 200; i += 1) {
    it.block()
    await it.clock.advance(100)
  }
  expect(msOf(it.lost)).toBeGreaterThanOrEqual(20_000 - KEEP_MS - 1_000)
})

test('holes alone do not pile up', async () => {
  const it = setUp()
  it.set('away')
  for (let i = 0; i < 500; i += 1) it.gap(20)
  it.set('sound')
  await it.clock.advance(1_000)
  const [first, second, ...rest] = it.entries()
  // The first was on its way when the others came.
  expect(first).toEqual({ kind: 'gap', streamId: 's', fromMs: 0, toMs: 20 })
  expect(second).toEqual({ kind: 'gap', streamId: 's', fromMs: 20, toMs: 10_000 })
  expect(rest).toEqual([])
})
