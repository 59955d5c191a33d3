import { setTimeout as sleep } from 'node:timers/promises'
import { makeScript, type Way } from '@callwire/e2e/media'
import { z } from 'zod'
import { runJson } from './run-json.ts'
import type { ChaosWorld } from './start-world.ts'
import { rssOf, sample, vitalsOf, type Vitals } from './vitals.ts'

export type Besieged = {
  quietMs: number[]
  besiegedMs: number[]
  /** Streams that measured and were closed on the way. */
  probesLost: number
  problems: string[]
  words: { spoken: number; told: number }
  opened: number
  /** The most hostile sockets at once. */
  most: number
  stillOpen: number
  endings: Readonly<Record<string, number>>
  /** Of ingest, bytes: before, and the most during the siege. */
  rssBefore: number
  rssMost: number
  before: Vitals
  after: Vitals
}

/** Streams that measure, beside the good calls. */
const PROBES = 5
/** A probe's call is looked for first. */
const SETTLE_MS = 7_000
const MAX_QUIET_SECONDS = 20
/** Longer than anything is let stay: ten seconds without a start, thirty for an unanswered close, and a margin. */
const PATIENCE_MS = 45_000
const REST_MS = 6_000
const SAMPLE_EVERY_MS = 250

const probed = z.object({ roundTripsMs: z.array(z.number()), lost: z.number() })
const fought = z.object({
  ...{ opened: z.number(), most: z.number(), stillOpen: z.number() },
  endings: z.record(z.string(), z.number()),
})

/** Good calls in quiet, then good calls beside hostile sockets that come within `seconds`. */
export async function besiege(
  world: ChaosWorld,
  o: {
    hostile: number
    good: number
    seconds: number
    signal: AbortSignal
    onProgress: (line: string) => void
  },
): Promise<Besieged> {
  const { system, calls } = world
  const pid = system.runFile().pids['ingest'] ?? 0
  const problems: string[] = []
  const words = { spoken: 0, told: 0 }
  const ways = Array.from({ length: o.good }, (_, n): Way => (n % 2 === 0 ? 'splice' : 'direct'))

  const goodCalls = async (seconds: number) => {
    const allSeconds = seconds + SETTLE_MS / 1_000
    await calls.speak(makeScript(`good-${seconds}`, allSeconds))
    const live = await calls.place(ways)
    const order = { url: calls.directUrl, streams: PROBES, seconds, settleMs: SETTLE_MS }
    const probe = runJson('probe-program.ts', order, o.signal)
    const done = async () => {
      const { roundTripsMs, lost } = probed.parse(await probe)
      problems.push(...(await calls.problems(live, () => ({ mayMiss: null }))))
      const tally = await calls.tally(live)
      words.spoken += tally.spoken
      words.told += tally.told
      return { roundTripsMs, lost }
    }
    await sleep(SETTLE_MS)
    return done
  }

  o.onProgress(`${o.good} good calls in quiet`)
  const quiet = await (await goodCalls(Math.min(o.seconds, MAX_QUIET_SECONDS)))()
  await sleep(REST_MS)
  const before = await vitalsOf(pid)

  o.onProgress(`${o.good} good calls beside ${o.hostile} hostile sockets`)
  const besiegedCalls = await goodCalls(o.seconds)
  const { host, hostname, port, username, password, pathname } = new URL(calls.directUrl)
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const authorization = `Basic ${Buffer.from(user).toString('base64')}`
  const target = { host: hostname, port: Number(port), path: pathname, authorization }
  const rssBefore = rssOf(pid)
  const samples = sample(() => rssOf(pid), SAMPLE_EVERY_MS)
  const order = { target, sockets: o.hostile, seconds: o.seconds, patienceMs: PATIENCE_MS }
  const fight = runJson('hostile-program.ts', order, o.signal)
  const besieged = await besiegedCalls()
  const { opened, most, stillOpen, endings } = fought.parse(await fight)
  const rssMost = Math.max(...samples.stop())
  await sleep(REST_MS)
  o.onProgress(`${opened} hostile sockets to ${host}, ${most} at once`)
  return {
    ...{ quietMs: quiet.roundTripsMs, besiegedMs: besieged.roundTripsMs },
    probesLost: quiet.lost + besieged.lost,
    ...{ problems, words, opened, most, stillOpen, endings, rssBefore, rssMost, before },
    after: await vitalsOf(pid),
  }
}
