import type { AudioEntry } from '@callwire/bus'
import { createByteRing } from '@callwire/runtime'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKeptEntries, type TakenEntry } from './kept-entries.ts'

const streamId = 'str_1'
const audio = (index: number, sealed: Buffer): AudioEntry => ({
  kind: 'audio',
  streamId,
  index,
  startMs: index * 100,
  sealed,
})
const none = () => false

/** Hands in entries of 100 ms, one behind another. */
function keeping(chunkBytes?: number) {
  const ring = createByteRing(chunkBytes === undefined ? {} : { chunkBytes })
  const kept = createKeptEntries({ streamId, ring })
  let count = 0
  const add = (sealed: Buffer) => {
    const [endMs, takenAtMs] = [(count + 1) * 100, count]
    kept.append(audio(count, sealed), { id: `1760000000000-${count}`, endMs, takenAtMs })
    count += 1
  }
  return { kept, add }
}

test('gives back every kind of entry as it was, but for its arrival', () => {
  const kept = createKeptEntries({ streamId })
  const sealed = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  const entries: TakenEntry[] = [
    { entry: { ...audio(0xffff_ffff, sealed), startMs: 3_599_999.25 } as AudioEntry, endMs: 0.5 },
    { entry: { kind: 'gap', streamId, fromMs: 100.5, toMs: 260 }, endMs: 261 },
    { entry: audio(3, Buffer.alloc(0)), endMs: 300 },
    { entry: { kind: 'end', streamId, atMs: 260 }, endMs: 280 },
  ]
  const ids = ['1-0', '1760000000000-7', `9007199254740991-9007199254740991`, '9007199254740991-1']
  for (const [i, { entry, endMs }] of entries.entries()) {
    const late = entry.kind === 'audio' ? { ...entry, arrivedAtMs: 1_760_000_000_123 } : entry
    kept.append(late, { id: ids[i] ?? '', endMs, takenAtMs: i })
    expect(kept.newestId()).toBe(ids[i])
  }
  expect(kept.firstId()).toBe('1-0')
  const asked: string[] = []
  const taken = kept.takeBehind((id) => asked.push(id) === 0)
  expect(asked).toEqual(ids)
  expect(taken).toEqual(entries)
  expect([kept.size(), kept.firstId(), kept.newestId()]).toEqual([0, null, null])
})

test('a block may be larger than a chunk', () => {
  const { kept, add } = keeping(100)
  const blocks = [700, 1, 100, 44, 45].map((length, i) => Buffer.alloc(length, i + 1))
  for (const block of blocks) add(block)
  const taken = kept.takeBehind((id) => id.endsWith('-0'))
  expect(taken.map(({ entry }) => entry)).toEqual(
    blocks.map((block, i) => audio(i, block)).slice(1),
  )
})

test('what was taken back stays as it was while its place is written again', () => {
  const { kept, add } = keeping(1_000)
  for (let i = 0; i < 8; i += 1) add(Buffer.alloc(300, i))
  const taken = kept.takeBehind((id) => id.endsWith('-1'))
  for (let i = 0; i < 50; i += 1) add(Buffer.alloc(300, 0xff))
  const bytes = taken.map(({ entry }) => entry.kind === 'audio' && entry.sealed)
  expect(bytes).toEqual([2, 3, 4, 5, 6, 7].map((i) => Buffer.alloc(300, i)))
})

test('what the appender keeps of a block does not reach what is kept here', () => {
  const { kept, add } = keeping()
  const block = Buffer.alloc(1_616, 1)
  add(block)
  block.fill(2)
  expect(kept.takeBehind(none)).toMatchObject([{ entry: audio(0, Buffer.alloc(1_616, 1)) }])
})

test('a stream that goes on for an hour needs no more memory than twelve seconds of it', () => {
  const made: number[] = []
  const allocate = (bytes: number) => {
    made.push(bytes)
    return Buffer.allocUnsafeSlow(bytes)
  }
  const kept = createKeptEntries({ streamId, ring: createByteRing({ allocate }) })
  expect(made).toEqual([])
  const block = Buffer.alloc(1_616)
  for (let i = 0; i < 36_000; i += 1) {
    const takenAtMs = (i + 1) * 100
    kept.append(audio(i, block), { id: `1-${i}`, endMs: takenAtMs, takenAtMs })
    kept.trim(takenAtMs - 12_000, 1024 * 1024)
  }
  expect(kept.size()).toBe(120)
  const bytes = made.reduce((sum, one) => sum + one, 0)
  expect(bytes).toBeLessThan(120 * 1_616 * 1.25)
})

type Step =
  | { do: 'append'; kind: AudioEntry['kind']; bytes: number; ms: number; count: number }
  | { do: 'trim'; ms: number; bytes: number }
  | { do: 'take'; behind: number }
  | { do: 'clear' }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constant('append' as const),
        kind: fc.constantFrom<AudioEntry['kind']>('audio', 'audio', 'audio', 'gap', 'end'),
        bytes: fc.nat(400),
        ms: fc.nat(100),
        count: fc.nat(3),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('trim' as const),
        ms: fc.nat(600),
        bytes: fc.nat(4_000),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('take' as const), behind: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
  ),
  { maxLength: 120 },
)

function entryOf(kind: AudioEntry['kind'], index: number, startMs: number, bytes: number) {
  const entries = {
    audio: { ...audio(index, Buffer.alloc(bytes, index)), startMs },
    gap: { kind: 'gap', streamId, fromMs: startMs, toMs: startMs + bytes },
    end: { kind: 'end', streamId, atMs: startMs },
  } as const
  return entries[kind] as AudioEntry
}

/** Eight numbers of eight bytes stand before each entry's own. */
function bytesOf(list: readonly TakenEntry[]): number {
  return list.reduce(
    (sum, { entry }) => sum + 64 + (entry.kind === 'audio' ? entry.sealed.length : 0),
    0,
  )
}

test('keeps what a plain list keeps, whatever its sizes and the chunks are', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 500 }), (script, chunkBytes) => {
      const kept = createKeptEntries({ streamId, ring: createByteRing({ chunkBytes }) })
      let list: (TakenEntry & { id: string; takenAtMs: number })[] = []
      const given: { was: TakenEntry[]; is: TakenEntry[] }[] = []
      let [clockMs, idCount, nowMs] = [0, 0, 0]
      for (const [index, step] of script.entries()) {
        switch (step.do) {
          case 'append': {
            const entry = entryOf(step.kind, index, clockMs, step.bytes)
            clockMs += step.ms
            idCount += 1 + step.count
            const id = `1760000000000-${idCount}`
            // A hole moves the call's clock, and no other.
            if (step.kind === 'audio') nowMs += step.ms
            const about = { id, endMs: clockMs, takenAtMs: nowMs }
            kept.append(entry, about)
            list.push({ entry, ...about })
            break
          }
          case 'trim': {
            const ms = nowMs - step.ms
            kept.trim(ms, step.bytes)
            while (list[0] !== undefined && list[0].takenAtMs <= ms) list.shift()
            while (bytesOf(list) > step.bytes) list.shift()
            break
          }
          case 'take': {
            const last = list[step.behind]?.id
            const was = list.splice(step.behind + 1)
            if (last === undefined) was.unshift(...list.splice(0))
            const is = kept.takeBehind((id) => id === last)
            given.push({ was: was.map(({ entry, endMs }) => ({ entry, endMs })), is })
            break
          }
          case 'clear':
            kept.clear()
            list = []
            break
        }
        expect(kept.size()).toBe(list.length)
        expect(kept.firstId()).toBe(list[0]?.id ?? null)
        expect(kept.newestId()).toBe(list.at(-1)?.id ?? null)
      }
      given.push({
        was: list.map(({ entry, endMs }) => ({ entry, endMs })),
        is: kept.takeBehind(none),
      })
      // At the end, when what they were read from has been written again.
      for (const { was, is } of given) expect(is).toEqual(was)
    }),
    { numRuns: 300 },
  )
})
