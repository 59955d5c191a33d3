import type { AudioEntry } from '@callwire/bus'
import { BusError } from '@callwire/bus'
import { captureLogs, manualClock } from '@callwire/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createOutbox, KEEP_MS, type AudioSink, type Range } from './outbox.ts'

type Fault = 'none' | 'before' | 'after'

/** Redis as the outbox sees it: refuses, answers too late, or forgets. */
function fakeRedis() {
  let stream: { id: string; entry: AudioEntry }[] = []
  let lastId = 0
  let fault: Fault = 'none'
  let losses = 0
  let listings = 0
  const wakes: number[] = []
  const refuse = () => {
    if (fault === 'before') throw new BusError('unavailable', 'Redis does not answer.')
  }
  const sink: AudioSink = {
    append: (entry) =>
      attempt(() => {
        refuse()
        lastId += 1
        const id = `1760000000000-${lastId}`
        stream.push({ id, entry })
        if (fault === 'after') throw new BusError('unavailable', 'Redis does not answer.')
        return id
      }),
    idsAfter: (afterId) =>
      attempt(() => {
        listings += 1
        refuse()
        return stream.map(({ id }) => id).filter((id) => countOf(id) > countOf(afterId))
      }),
    has: (id) =>
      attempt(() => {
        refuse()
        return stream.some((item) => item.id === id)
      }),
    losses: () => losses,
    exists: () =>
      attempt(() => {
        refuse()
        return stream.length > 0
      }),
    wakeTranscriber: () =>
      attempt(() => {
        refuse()
        wakes.push(stream.length)
      }),
  }
  return {
    sink,
    wakes,
    listings: () => listings,
    entries: () => stream.map(({ entry }) => entry),
    setFault: (next: Fault) => {
      fault = next
    },
    /** Restarted, without a second or so: before anybody could notice. */
    restart: (count: number) => {
      stream = stream.slice(0, Math.max(0, stream.length - count))
      losses += 1
    },
    forgetAll: () => {
      stream = []
    },
    forgetLast: (count: number) => {
      stream = stream.slice(0, Math.max(0, stream.length - count))
    },
  }
}

function countOf(id: string): number {
  return Number(id.split('-')[1])
}

function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work())
  })
}

function setUp() {
  const clock = manualClock()
  const redis = fakeRedis()
  const lost: Range[] = []
  const outbox = createOutbox({
    streamId: 's',
    sink: redis.sink,
    clock,
    random: (bytes) => Buffer.alloc(bytes, 7),
    log: captureLogs().log,
    onLost: (range) => lost.push(range),
    onAppended: () => undefined,
    onAppendFailed: () => undefined,
  })
  let index = 0
  const pushBlock = () => {
    const startMs = index * 100
    const sealed = Buffer.from(`block ${index}`)
    outbox.push({ kind: 'audio', streamId: 's', index, startMs, sealed }, startMs + 100)
    index += 1
    return sealed
  }
  return { clock, redis, lost, outbox, pushBlock }
}

/** Indices as a reader takes them: each once, when it first comes in order. */
function heard(entries: readonly AudioEntry[]): number[] {
  const seen: number[] = []
  for (const entry of entries) {
    if (entry.kind === 'audio' && entry.index > (seen.at(-1) ?? -1)) seen.push(entry.index)
  }
  return seen
}
const upTo = (count: number) => [...Array(count).keys()]

describe('createOutbox', () => {
  test('hands over in order', async () => {
    const { clock, redis, outbox, pushBlock } = setUp()
    for (let i = 0; i < 20; i += 1) pushBlock()
    outbox.push({ kind: 'end', streamId: 's', atMs: 2_000 }, 2_000)
    await clock.advance(1)
    expect(heard(redis.entries())).toEqual(upTo(20))
    expect(redis.entries().at(-1)?.kind).toBe('end')
  })

  test('ten seconds without Redis cost nothing', async () => {
    const { clock, redis, lost, pushBlock } = setUp()
    pushBlock()
    await clock.advance(100)
    redis.setFault('before')
    for (let i = 0; i < 100; i += 1) {
      pushBlock()
      await clock.advance(100)
    }
    redis.setFault('none')
    await clock.advance(2_000)
    expect(heard(redis.entries())).toEqual(upTo(101))
    expect(lost).toEqual([])
  })

  test('longer ones cost an explicit gap, told once and in one piece', async () => {
    const { clock, redis, lost, pushBlock } = setUp()
    redis.setFault('before')
    for (let i = 0; i < 150; i += 1) {
      pushBlock()
      await clock.advance(100)
    }
    redis.setFault('none')
    await clock.advance(2_000)
    const [first, ...rest] = redis.entries()
    const gone = 15_000 - KEEP_MS
    expect(first).toEqual({ kind: 'gap', streamId: 's', fromMs: 0, toMs: gone })
    expect(rest.map((entry) => entry.kind === 'audio' && entry.startMs)).toEqual(
      upTo(150 - gone / 100).map((i) => gone + i * 100),
    )
    expect(lost.reduce((sum, range) => sum + range.toMs - range.fromMs, 0)).toBe(gone)
  })

  test('a Redis that came back empty gets the last audio again, and a wake-up', async () => {
    const { clock, redis, outbox, pushBlock } = setUp()
    for (let i = 0; i < 200; i += 1) {
      pushBlock()
      await clock.advance(100)
    }
    redis.forgetAll()
    outbox.recheck()
    await clock.advance(1)
    const again = heard(redis.entries())
    expect(again.at(-1)).toBe(199)
    expect(again).toHaveLength(KEEP_MS / 100)
    expect(redis.wakes).toHaveLength(1)
    outbox.recheck()
    await clock.advance(1)
    expect(redis.entries()).toHaveLength(KEEP_MS / 100)
  })

  test('a Redis whose file was a second short gets that second again', async () => {
    const { clock, redis, outbox, pushBlock } = setUp()
    for (let i = 0; i < 50; i += 1) pushBlock()
    await clock.advance(1)
    redis.forgetLast(10)
    outbox.recheck()
    await clock.advance(1)
    expect(redis.entries()).toHaveLength(50)
    expect(heard(redis.entries())).toEqual(upTo(50))
  })

  test('a restart between two blocks is noticed before the second goes behind a hole', async () => {
    const { clock, redis, pushBlock } = setUp()
    for (let i = 0; i < 50; i += 1) pushBlock()
    await clock.advance(1)
    redis.restart(10)
    pushBlock()
    await clock.advance(1)
    expect(heard(redis.entries())).toEqual(upTo(51))
  })

  test('a fault that cost nothing is looked into by one entry, not by all that is kept', async () => {
    const { clock, redis, pushBlock } = setUp()
    for (let i = 0; i < 50; i += 1) pushBlock()
    await clock.advance(1)
    redis.setFault('before')
    pushBlock()
    await clock.advance(100)
    redis.setFault('none')
    await clock.advance(2_000)
    expect(heard(redis.entries())).toEqual(upTo(51))
    expect(redis.listings()).toBe(0)
  })

  test('what waits behind another does not hold the memory it came in', async () => {
    const { clock, redis, pushBlock } = setUp()
    redis.setFault('before')
    const given = upTo(5).map(() => pushBlock())
    const cameIn = new Set<ArrayBufferLike>(given.map((sealed) => sealed.buffer))
    redis.setFault('none')
    await clock.advance(2_000)
    const taken = redis.entries().flatMap((entry) => (entry.kind === 'audio' ? entry.sealed : []))
    expect(taken).toEqual(given)
    expect(taken.slice(1).filter((sealed) => cameIn.has(sealed.buffer))).toEqual([])
  })

  test('what goes again does not say when it came in', async () => {
    const { clock, redis, outbox } = setUp()
    const block = { kind: 'audio', streamId: 's', index: 0, startMs: 0 } as const
    const sealed = Buffer.from('block')
    outbox.push({ ...block, sealed, arrivedAtMs: 1_760_000_000_000 }, 100)
    await clock.advance(1)
    redis.forgetAll()
    outbox.recheck()
    await clock.advance(1)
    expect(redis.entries()).toEqual([{ ...block, sealed }])
  })

  test('says how much audio Redis has not taken', async () => {
    const { clock, redis, outbox, pushBlock } = setUp()
    expect(outbox.bufferedMs()).toBe(0)
    redis.setFault('before')
    for (let i = 0; i < 7; i += 1) pushBlock()
    expect(outbox.bufferedMs()).toBe(700)
    redis.setFault('none')
    await clock.advance(1_000)
    expect(outbox.bufferedMs()).toBe(0)
  })

  test('an end without Redis gives up in time and tells what is missing', async () => {
    const { clock, redis, lost, outbox, pushBlock } = setUp()
    redis.setFault('before')
    for (let i = 0; i < 3; i += 1) pushBlock()
    const finished = outbox.finish(5_000)
    await clock.advance(6_000)
    await finished
    expect(lost).toEqual([
      { fromMs: 0, toMs: 100 },
      { fromMs: 100, toMs: 200 },
      { fromMs: 200, toMs: 300 },
    ])
  })

  test('a wake-up is sent whenever it is asked for, also as the last block has just gone', async () => {
    for (let turns = 0; turns < 20; turns += 1) {
      const { redis, outbox, pushBlock } = setUp()
      pushBlock()
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
      outbox.wake()
      await outbox.finish(1_000)
      expect([turns, redis.wakes.length]).toEqual([turns, 1])
    }
  })

  test('whatever Redis does within the time kept, a reader hears every block in order', async () => {
    const fault = fc.constantFrom<Fault>('none', 'before', 'after')
    const steps = fc.array(fc.record({ fault, forget: fc.integer({ min: 0, max: 12 }) }), {
      maxLength: 60,
    })
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const { clock, redis, lost, outbox, pushBlock } = setUp()
        for (const step of script) {
          redis.setFault(step.fault)
          pushBlock()
          await clock.advance(100)
          if (step.fault !== 'none') redis.forgetLast(step.forget)
        }
        redis.setFault('none')
        outbox.recheck()
        await clock.advance(2_000)
        expect(heard(redis.entries())).toEqual(upTo(script.length))
        expect(lost).toEqual([])
      }),
      { numRuns: 40 },
    )
  })
})
