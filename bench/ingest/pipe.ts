import { setTimeout as sleep } from 'node:timers/promises'
import type { Callwire } from './callwire.ts'
import { median } from '../lib/median.ts'
import { divideCores, pin } from './cores.ts'
import type { Generator } from './generator.ts'
import { bucketsOf, quantileSince } from './histogram.ts'
import { say } from './say.ts'

/** The transcriber first brings the calls of the turns before to their end. */
const CATCH_UP_MS = 15_000
/** Every call has a provider, and the minute of sound that is kept for one without words is full. */
const SETTLE_MS = 65_000
/** After a pause in which the window before was read. */
const RESUME_MS = 3_000
const HISTOGRAM = 'callwire_audio_to_provider_seconds'

/** How long audio takes from its last byte in ingest to the provider, in ms; of several windows the median. */
export type Pipe = { streams: number; blocks: number; p50: number; p99: number }

/** Ingest, the transcriber and a provider that takes everything at once, over all cores. */
export async function measurePipe(o: {
  generator: Generator
  callwire: Callwire
  streams: number
  seconds: number
  rounds: number
}): Promise<Pipe | null> {
  const { generator, callwire } = o
  const cores = divideCores()
  if (cores !== null) pin(callwire.pid, `${cores.measured},${cores.others}`)
  await using transcriber = await callwire.startTranscriber()
  if (cores !== null) pin(transcriber.pid, `${cores.measured},${cores.others}`)
  await sleep(CATCH_UP_MS)
  await generator.openTo(callwire, o.streams)
  const windows: Pipe[] = []
  for (let round = 0; round < o.rounds; round += 1) {
    const settleMs = round === 0 ? SETTLE_MS : RESUME_MS
    const window = await measureWindow(o, { metricsUrl: transcriber.metricsUrl, settleMs })
    if (window === null) {
      say(`the transcriber tells no ${HISTOGRAM}`)
      return null
    }
    windows.push(window)
  }
  const [first] = windows
  if (first === undefined) return null
  const of = (value: (window: Pipe) => number) => median(windows.map(value))
  return { ...first, p50: of(({ p50 }) => p50), p99: of(({ p99 }) => p99) }
}

async function measureWindow(
  { generator, callwire, seconds }: { generator: Generator; callwire: Callwire; seconds: number },
  o: { metricsUrl: string; settleMs: number },
): Promise<Pipe | null> {
  const read = async () => bucketsOf(await (await fetch(o.metricsUrl)).text(), HISTOGRAM)
  const look = sleep(o.settleMs).then(read)
  const drive = await generator.drive(callwire, {
    settleMs: o.settleMs,
    windowMs: seconds * 1_000,
  })
  const before = await look
  const after = await read()
  if (before === null || after === null) return null
  const since = quantileSince(before, after)
  say(
    `${drive.streams} streams to the provider: p99 ${(since(0.99) * 1_000).toFixed(0)} ms, ` +
      `load late p99 ${drive.lateP99.toFixed(1)} ms`,
  )
  const blocks = (after.at(-1)?.count ?? 0) - (before.at(-1)?.count ?? 0)
  return { streams: drive.streams, blocks, p50: since(0.5) * 1_000, p99: since(0.99) * 1_000 }
}
