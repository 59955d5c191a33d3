import { setTimeout as sleep } from 'node:timers/promises'
import { makeScript, type LiveCall, type Way } from '@callwire/e2e/media'
import { countAudioStreams } from './audio-keys.ts'
import { growthOf, settled } from './growth.ts'
import type { ChaosWorld } from './start-world.ts'
import { sample, vitalsOf, type Vitals } from './vitals.ts'

type Watched = 'ingest' | 'transcriber'

export type Soaked = {
  calls: number
  words: { spoken: number; told: number }
  problems: string[]
  /** Bytes by which resident memory, and what is left behind the collector, grew from the first third to the last. */
  growth: Record<Watched, { rss: number; floor: number }>
  /** Bytes, the most that was seen. */
  peak: Record<Watched, number>
  /** After the warm-up and after the end, when nobody spoke. */
  before: Record<Watched, Vitals>
  after: Record<Watched, Vitals>
  /** What calls that are over left in Redis. */
  left: { entries: number; immortal: number }
}

/** A call's length: long against its beginning and end, and many of them in a run. */
const CALL_SECONDS = 20
/** Everybody has spoken once: code is compiled, pools of connections are as large as they get. */
const WARM_UP_SECONDS = 8
/** Pools let unused connections go, and heartbeats of calls that are over run out; a short run rests shortly. */
const MAX_REST_MS = 15_000
const SAMPLE_EVERY_MS = 2_000

/** Keeps `streams` calls going for `seconds`, one after another in each place, and judges every one. */
export async function soak(
  world: ChaosWorld,
  o: { streams: number; seconds: number; signal: AbortSignal; onProgress: (line: string) => void },
): Promise<Soaked> {
  const { system, calls } = world
  const problems: string[] = []
  const words = { spoken: 0, told: 0 }
  let count = 0
  const restMs = Math.min(MAX_REST_MS, o.seconds * 1_000)
  const callSeconds = Math.min(CALL_SECONDS, o.seconds)
  const pidOf = (name: Watched) => system.runFile().pids[name] ?? 0

  const one = async (way: Way, seconds: number) => {
    const live: LiveCall[] = await calls.place([way])
    await calls.speaking(live, seconds * 1_000)
    problems.push(...(await calls.problems(live, () => ({ mayMiss: null }))))
    const tally = await calls.tally(live)
    words.spoken += tally.spoken
    words.told += tally.told
    count += 1
  }
  const wayOf = (n: number): Way => (n % 2 === 0 ? 'splice' : 'direct')
  const lanes = Array.from({ length: o.streams }, (_, n) => n)

  o.onProgress(`warming up with ${o.streams} calls`)
  await calls.speak(makeScript('warm-up', WARM_UP_SECONDS))
  await Promise.all(lanes.map((n) => one(wayOf(n), WARM_UP_SECONDS)))
  await sleep(restMs)
  const before = await vitals(pidOf)

  o.onProgress(`${o.streams} calls at a time for ${o.seconds} s`)
  await calls.speak(makeScript('soak', callSeconds))
  const samples = {
    ingest: sample(() => vitalsOf(pidOf('ingest')), SAMPLE_EVERY_MS),
    transcriber: sample(() => vitalsOf(pidOf('transcriber')), SAMPLE_EVERY_MS),
  }
  const endAt = performance.now() + o.seconds * 1_000
  await Promise.all(
    lanes.map(async (n) => {
      // Beginnings lie apart, or the same moment of every call would be one burst.
      await sleep((n / o.streams) * callSeconds * 1_000)
      do await one(wayOf(n), callSeconds)
      while (performance.now() < endAt && !o.signal.aborted)
    }),
  )
  const seen = { ingest: samples.ingest.stop(), transcriber: samples.transcriber.stop() }
  await sleep(restMs)
  return {
    ...{ calls: count, words, problems, before },
    growth: { ingest: growth(seen.ingest), transcriber: growth(seen.transcriber) },
    peak: { ingest: peak(seen.ingest), transcriber: peak(seen.transcriber) },
    after: await vitals(pidOf),
    left: await countAudioStreams(world.redisUrl),
  }
}

function growth(seen: readonly Vitals[]): { rss: number; floor: number } {
  const rss = settled(seen.map(({ rssBytes }) => rssBytes))
  const heap = settled(seen.map(({ heapBytes }) => heapBytes))
  return { rss: growthOf(rss), floor: growthOf(heap, 0) }
}

function peak(seen: readonly Vitals[]): number {
  return Math.max(...seen.map(({ rssBytes }) => rssBytes))
}

async function vitals(pidOf: (name: Watched) => number): Promise<Record<Watched, Vitals>> {
  const [ingest, transcriber] = await Promise.all([
    vitalsOf(pidOf('ingest')),
    vitalsOf(pidOf('transcriber')),
  ])
  return { ingest, transcriber }
}
