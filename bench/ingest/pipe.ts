import { setTimeout as sleep } from 'node:timers/promises'
import type { Callwire } from './callwire.ts'
import { divideCores, pin } from './cores.ts'
import type { Generator } from './generator.ts'
import { bucketsOf, quantileSince } from './histogram.ts'
import { say } from './say.ts'

/** The transcriber first brings the calls of the turns before to their end. */
const CATCH_UP_MS = 15_000
/** Every call is taken up and has a provider, code is warm, and memory has grown to what calls need. */
const SETTLE_MS = 20_000
const HISTOGRAM = 'callwire_audio_to_provider_seconds'

/** How long audio takes from its last byte in ingest to the provider, in ms. */
export type Pipe = { streams: number; blocks: number; p50: number; p99: number }

/** Ingest, the transcriber and a provider that takes everything at once, over all cores. */
export async function measurePipe(o: {
  generator: Generator
  callwire: Callwire
  streams: number
  seconds: number
}): Promise<Pipe | null> {
  const { generator, callwire } = o
  const cores = divideCores()
  if (cores !== null) pin(callwire.pid, `${cores.measured},${cores.others}`)
  await using transcriber = await callwire.startTranscriber()
  if (cores !== null) pin(transcriber.pid, `${cores.measured},${cores.others}`)
  await sleep(CATCH_UP_MS)
  await generator.openTo(callwire, o.streams)
  const read = async () => bucketsOf(await (await fetch(transcriber.metricsUrl)).text(), HISTOGRAM)
  const windowMs = o.seconds * 1_000
  const look = sleep(SETTLE_MS).then(read)
  const drive = await generator.drive(callwire, { settleMs: SETTLE_MS, windowMs })
  const before = await look
  const after = await read()
  if (before === null || after === null) {
    say(`the transcriber tells no ${HISTOGRAM}`)
    return null
  }
  const since = quantileSince(before, after)
  say(
    `${drive.streams} streams to the provider: p99 ${(since(0.99) * 1_000).toFixed(0)} ms, ` +
      `load late p99 ${drive.lateP99.toFixed(1)} ms`,
  )
  const blocks = (after.at(-1)?.count ?? 0) - (before.at(-1)?.count ?? 0)
  return { streams: drive.streams, blocks, p50: since(0.5) * 1_000, p99: since(0.99) * 1_000 }
}
