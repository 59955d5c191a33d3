import type { AudioStreams } from '@callwire/bus'
import type { Database } from '@callwire/db'
import type { Clock, Logger, Random } from '@callwire/runtime'
import { createAcknowledger } from './acknowledge.ts'
import type { Claim } from './claim-call.ts'
import { finishCall } from './finish-call.ts'
import type { HeldLease } from './hold-lease.ts'
import { keepPosition } from './keep-position.ts'
import type { HeardMoment, Listen } from './listener.ts'
import type { SessionMeter } from './metrics.ts'
import { publishWords, type PublishDeps } from './publish-words.ts'
import { readAudio } from './read-audio.ts'
import { readSaid } from './read-said.ts'
import type { SpeechProvider } from './speech/provider.ts'
import { createSpeechSession, type SpeechSession } from './speech/session.ts'
import type { Times } from './times.ts'
import { createWordsProgress } from './words-progress.ts'

export type HearDeps = PublishDeps & {
  database: Database
  audio: AudioStreams
  providers: readonly SpeechProvider[]
  listen?: Listen
  times: Times
  clock: Clock
  random: Random
  log: Logger
}

/** Exotel's telephone audio, when no audio came that could say otherwise. */
const DEFAULT_SAMPLE_RATE = 8_000

/**
 * Hears a call to its end: audio in, words out. Gives the id of the last entry of a call that is over
 * and done with; null when the call is another's now, or went on in another socket while its end was
 * being written.
 */
export async function hearCall(
  deps: HearDeps,
  claim: Claim,
  o: { lease: HeldLease; meter: SessionMeter; signal: AbortSignal },
): Promise<string | null> {
  const { providers, clock, random, log } = deps
  const { said, saidToMs } = await readSaid(deps.ledger, claim)
  const acknowledger = createAcknowledger({ ackedId: claim.ackedId, ackedMs: claim.ackedMs })
  const progress = createWordsProgress(acknowledger.mark(), claim.ackedMs)
  const failed = new AbortController()
  const going = AbortSignal.any([o.signal, o.lease.lost, failed.signal])
  const isOurs = () => !going.aborted && o.lease.isHeld()
  let session: SpeechSession | null = null
  let speaking: Promise<void> = Promise.resolve()
  let sampleRate = DEFAULT_SAMPLE_RATE
  let last = { ackedId: claim.ackedId, ackedMs: claim.ackedMs }
  let doneToMs = saidToMs

  await using keeper = keepPosition(deps, claim, {
    acknowledger,
    isHeld: () => o.lease.isHeld(),
    onLook: () => {
      progress.given(session?.givenToMs() ?? 0, clock.monotonicMs())
      o.meter.waiting(acknowledger.waitingMs())
    },
    signal: going,
  })
  const listener = (await deps.listen?.(claim, acknowledger)) ?? null

  const begin = (): SpeechSession => {
    const resumed = claim.fence > 1 ? { said } : {}
    const onGiven = (arrivedAtMs: number) => o.meter.given(arrivedAtMs)
    const options = { providers, sampleRate, doneToMs, ...resumed, onGiven, clock, random, log }
    const started = createSpeechSession(options)
    speaking = publishWords(deps, claim, started, {
      progress,
      onCommitted: (position) => keeper.committed(position),
      isHeld: () => o.lease.isHeld(),
      signal: going,
    })
    speaking.catch(() => failed.abort())
    return started
  }
  const end = async () => {
    session?.end()
    await speaking
  }

  const hear = async (moment: HeardMoment) => {
    await listener?.take(moment)
    if (moment.kind === 'hole') {
      session ??= begin()
      // Of what is missing now, a predecessor had heard the beginning: its words are in the ledger.
      const fromMs = Math.max(moment.fromMs, saidToMs)
      if (fromMs < moment.toMs) session.hole({ ...moment, fromMs })
      doneToMs = Math.max(doneToMs, moment.toMs)
      return
    }
    if (session !== null && moment.sampleRate !== sampleRate) {
      await end()
      session = null
    }
    sampleRate = moment.sampleRate
    session ??= begin()
    doneToMs = Math.max(doneToMs, Math.floor(moment.endMs))
    await session.room(going)
    session.write(moment.pcm, moment.startMs, moment.arrivedAtMs)
  }

  try {
    for await (const heard of readAudio(deps, claim, going)) {
      if (heard.kind === 'restarted') {
        acknowledger.restart()
        keeper.restarted()
      } else if (heard.kind === 'read') {
        acknowledger.read(heard.id, heard.endMs)
        last = { ackedId: heard.id, ackedMs: Math.max(last.ackedMs, heard.endMs) }
      } else {
        await hear(heard)
      }
    }
    if (failed.signal.aborted) await speaking
    if (!isOurs()) return null
    session ??= begin()
    await end()
    // Without the lease the words above may be half published: the next holder finishes.
    if (!isOurs()) return null
    await listener?.finish(going)
    if (!isOurs()) return null
    const position = { ...last, ackedMs: Math.max(last.ackedMs, doneToMs) }
    return (await finishCall(deps.ledger, claim, { position, clock })) ? last.ackedId : null
  } finally {
    listener?.abort()
    session?.abort()
    await speaking.catch(() => undefined)
  }
}
