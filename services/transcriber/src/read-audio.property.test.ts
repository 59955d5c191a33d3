import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Logger } from '@callwire/runtime'
import { readAudio, type Heard } from './read-audio.ts'
import {
  claimFrom,
  createFakeStream,
  fakeRows,
  scriptOf,
  soundAt,
  type MediaStep,
} from './testing/fake-stream.ts'

const quiet = { warn: () => undefined } as unknown as Logger
const times = { blockMs: 500, idleMs: 2_000, endingMs: 50 }

type Moment = Extract<Heard, { kind: 'audio' | 'hole' }>
type Fault =
  | { kind: 'empty'; kept: number; backMs: number }
  | { kind: 'short'; count: number }
  | { kind: 'again'; count: number }
  | { kind: 'trim' | 'drop' | 'damage'; at: number }

/**
 * A call is handed over entry by entry, with a fault before some of them, while it is read; its reader
 * is replaced after so many moments. Gives what each reader heard.
 */
async function hear(o: {
  steps: readonly MediaStep[]
  /** By the number of the entry before which it happens. */
  faults: ReadonlyMap<number, Fault>
  /** Entries appended between two reads. */
  burst: number
  /** How many moments each reader hears before the next one takes over, and how many were acknowledged. */
  takeovers: readonly { after: number; acked: number }[]
}) {
  const { entries, endMs } = scriptOf(o.steps)
  const stream = createFakeStream()
  let appended = 0
  let nowMs = 0
  let newestRead = '0-0'
  const isOver = () => appended === entries.length

  const strike = (fault: Fault | undefined) => {
    if (fault === undefined) return
    const again = (count: number) => {
      for (const entry of entries.slice(Math.max(0, appended - count), appended))
        stream.append(entry)
    }
    if (fault.kind === 'empty') {
      stream.lose(fault.backMs)
      again(fault.kept)
    } else if (fault.kind === 'short') {
      stream.loseNewest(fault.count)
      again(fault.count)
    } else if (fault.kind === 'again') {
      again(fault.count)
    } else {
      stream[fault.kind](fault.at)
    }
  }
  const goOn = () => {
    if (isOver()) return
    for (let i = 0; i < o.burst && !isOver(); i += 1) {
      strike(o.faults.get(appended))
      const entry = entries[appended]
      if (entry !== undefined) stream.append(entry)
      appended += 1
    }
    if (isOver()) strike(o.faults.get(entries.length))
  }
  const deps = {
    database: fakeRows(() => (isOver() ? endMs : null)),
    audio: {
      read: (_callId: string, after: string, { count }: { count: number }) => {
        const found = stream.read(after, count)
        if (found.length === 0) {
          nowMs += times.blockMs
          goOn()
        }
        return Promise.resolve(found)
      },
      lastId: () => Promise.resolve(stream.lastId()),
    },
    times,
    clock: { monotonicMs: () => nowMs, sleep: () => Promise.resolve() },
    log: quiet,
  }

  const heard: { fromMs: number; moments: Moment[]; isCut: boolean }[] = []
  let fromMs = 0
  for (const takeover of [...o.takeovers, { after: Number.POSITIVE_INFINITY, acked: 0 }]) {
    const moments: Moment[] = []
    const reads = [{ id: '0-0', endMs: fromMs }]
    for await (const one of readAudio(deps, claimFrom(fromMs), new AbortController().signal)) {
      if (one.kind === 'read') {
        reads.push(one)
        newestRead = one.id
      } else if (one.kind !== 'restarted') {
        moments.push(one)
      }
      if (moments.length > takeover.after) break
    }
    heard.push({ fromMs, moments, isCut: Number.isFinite(takeover.after) })
    // Only what was read may be acknowledged; what is acknowledged is trimmed, unless the stream is another one.
    fromMs = reads[Math.min(takeover.acked, reads.length - 1)]?.endMs ?? fromMs
    const acked = reads[Math.min(takeover.acked, reads.length - 1)]
    const lastId = stream.lastId()
    if (acked?.id === newestRead && lastId === newestRead) stream.trimBefore(newestRead)
  }
  return { heard, endMs, entries }
}

const stretch = (one: Moment) =>
  one.kind === 'hole' ? [one.fromMs, one.toMs] : [one.startMs, one.endMs]

/** One moment after another from where the reader began, none twice, none left out; every sound in its place. */
function expectTiled(
  { fromMs, moments }: { fromMs: number; moments: Moment[] },
  untilMs: number | null,
) {
  let atMs = fromMs
  for (const moment of moments) {
    const [startMs = 0, endMs = 0] = stretch(moment)
    expect(startMs).toBe(atMs)
    expect(endMs).toBeGreaterThan(startMs)
    if (moment.kind === 'audio') {
      expect(moment.pcm.equals(soundAt(startMs, endMs - startMs))).toBe(true)
    }
    atMs = endMs
  }
  if (untilMs !== null) expect(atMs).toBe(untilMs)
}

const frames = (max: number) => fc.integer({ min: 1, max }).map((n) => n * 20)
const step: fc.Arbitrary<MediaStep> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ kind: 'sound', ms: 100 } as const) },
  { weight: 2, arbitrary: frames(5).map((ms) => ({ kind: 'sound', ms }) as const) },
  { weight: 2, arbitrary: frames(30).map((ms) => ({ kind: 'gap', ms }) as const) },
  { weight: 1, arbitrary: fc.nat(3).map((n) => ({ kind: 'socket', holeMs: n * 100 }) as const) },
)
const steps = fc.array(step, { minLength: 1, maxLength: 60 })
const takeovers = fc.array(fc.record({ after: fc.nat(25), acked: fc.nat(25) }), { maxLength: 3 })
const small = fc.nat(12)
const lossless = fc.oneof(
  fc.record({ kind: fc.constant('again' as const), count: small }),
  fc.record({ kind: fc.constant('short' as const), count: small }),
  fc.record({
    kind: fc.constant('empty' as const),
    kept: fc.constant(1_000),
    backMs: fc.nat(20),
  }),
)
const losing = fc.oneof(
  lossless,
  fc.record({ kind: fc.constant('empty' as const), kept: small, backMs: fc.nat(200) }),
  fc.record({
    kind: fc.constantFrom('trim' as const, 'drop' as const, 'damage' as const),
    at: small,
  }),
)
const faultsOf = (fault: fc.Arbitrary<Fault>) =>
  fc.array(fc.tuple(fc.nat(60), fault), { maxLength: 5 }).map((all) => new Map(all))
const burst = fc.integer({ min: 1, max: 8 })

test('every ms of a call is heard once or in a hole once, whatever becomes of its stream', async () => {
  await fc.assert(
    fc.asyncProperty(steps, faultsOf(losing), burst, takeovers, async (...[s, f, b, t]) => {
      const { heard, endMs } = await hear({ steps: s, faults: f, burst: b, takeovers: t })
      for (const reader of heard) expectTiled(reader, reader.isCut ? null : endMs)
    }),
    { numRuns: 400 },
  )
})

test('what comes again, or late, or by other ids, is no loss: nothing is missing but what never came', async () => {
  await fc.assert(
    fc.asyncProperty(steps, faultsOf(lossless), burst, async (s, faults, b) => {
      const { heard, entries, endMs } = await hear({ steps: s, faults, burst: b, takeovers: [] })
      const moments = heard[0]?.moments ?? []
      expectTiled({ fromMs: 0, moments }, endMs)
      const told = entries.flatMap((one) => (one.kind === 'gap' ? [[one.fromMs, one.toMs]] : []))
      const holes = moments.filter((one) => one.kind === 'hole')
      expect(holes.map((one) => [one.fromMs, one.toMs])).toEqual(told)
      expect(holes.every((one) => one.reason === 'audio_missing')).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('a block that does not open is damage, one that is gone is loss', async () => {
  const sound = { kind: 'sound', ms: 100 } as const
  const cut = (fault: Fault) =>
    hear({
      steps: [sound, sound, sound, sound],
      faults: new Map([[3, fault]]),
      burst: 4,
      takeovers: [],
    })
  const holesOf = ({ heard }: Awaited<ReturnType<typeof cut>>) =>
    heard[0]?.moments.filter((one) => one.kind === 'hole')
  expect(holesOf(await cut({ kind: 'damage', at: 1 }))).toEqual([
    { kind: 'hole', fromMs: 100, toMs: 200, reason: 'audio_damaged' },
  ])
  expect(holesOf(await cut({ kind: 'drop', at: 1 }))).toEqual([
    { kind: 'hole', fromMs: 100, toMs: 200, reason: 'audio_lost' },
  ])
  expect(holesOf(await cut({ kind: 'trim', at: 3 }))).toEqual([
    { kind: 'hole', fromMs: 0, toMs: 300, reason: 'audio_lost' },
  ])
})

test('of a stream that is gone when the call is over, all is missing that its rows tell of', async () => {
  const { heard } = await hear({
    steps: [{ kind: 'sound', ms: 100 }],
    faults: new Map([[2, { kind: 'empty', kept: 0, backMs: 0 }]]),
    burst: 2,
    takeovers: [],
  })
  expect(heard[0]?.moments).toEqual([{ kind: 'hole', fromMs: 0, toMs: 100, reason: 'audio_lost' }])
})
