import type { AudioStreams, Doorbell, Leases } from '@callwire/bus'
import type { Database } from '@callwire/db'
import type { Ledger } from '@callwire/ledger'
import { maskInterim } from '@callwire/masking'
import { every, type Clock, type Logger, type Random } from '@callwire/runtime'
import { createAcknowledger } from './acknowledge.ts'
import type { Claim } from './claim-call.ts'
import { finishCall } from './finish-call.ts'
import { readAudio } from './read-audio.ts'
import type { SpeechProvider } from './speech/provider.ts'
import { createSpeechSession, type SpeechEvent, type SpeechSession } from './speech/session.ts'
import { createUtterances } from './utterances.ts'
import { writeFinal, writeGap } from './write-words.ts'

export type TranscribeDeps = {
  database: Database
  ledger: Ledger
  doorbell: Doorbell
  audio: AudioStreams
  leases: Leases
  providers: readonly SpeechProvider[]
  owner: string
  clock: Clock
  random: Random
  log: Logger
}

/** Well under the lease's life of 5 s, so that one lost renewal loses nothing. */
const RENEW_MS = 1_500
/** Exotel's telephone audio, when no audio came that could say otherwise. */
const DEFAULT_SAMPLE_RATE = 8_000

/**
 * One call: audio in, words out, until its last socket has ended. Whatever fails ends this attempt
 * alone: the claim is given up, and the next holder goes on from the last committed word.
 */
export async function transcribeCall(
  deps: TranscribeDeps,
  claim: Claim,
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController()
  const stopped = AbortSignal.any([signal, stop.signal])
  const { clock, log } = deps
  const renewing = every(
    RENEW_MS,
    async () => {
      if (!(await deps.leases.renew(claim.callId, deps.owner))) stop.abort()
    },
    { clock, signal: stopped, log, name: 'renew lease' },
  )
  try {
    const more = await hearCall(deps, claim, stopped)
    if (!stopped.aborted && !more) await deps.audio.remove(claim.callId)
  } finally {
    stop.abort()
    await renewing[Symbol.asyncDispose]()
    await deps.leases.release(claim.callId, deps.owner).catch(() => undefined)
  }
}

/** True when the call went on in another socket while its end was being written. */
async function hearCall(deps: TranscribeDeps, claim: Claim, signal: AbortSignal): Promise<boolean> {
  const heardAudio = createAcknowledger()
  const failed = new AbortController()
  const going = AbortSignal.any([signal, failed.signal])
  let session: SpeechSession | null = null
  let speaking: Promise<void> = Promise.resolve()
  const begin = (sampleRate: number): SpeechSession => {
    const { providers, clock, random, log } = deps
    const started = createSpeechSession({ providers, sampleRate, clock, random, log })
    speaking = publishWords(deps, claim, started, heardAudio, going)
    speaking.catch(() => failed.abort())
    return started
  }
  try {
    for await (const heard of readAudio(deps, claim, going)) {
      session ??= begin(heard.sampleRate)
      heardAudio.read(heard.id, heard.endMs)
      session.write(heard.pcm, heard.startMs)
    }
    if (failed.signal.aborted) await speaking
    if (signal.aborted) return true
    session ??= begin(DEFAULT_SAMPLE_RATE)
    session.end()
    await speaking
    // Without the lease the words above may be half published: the next holder finishes.
    signal.throwIfAborted()
    return !(await finishCall(deps.ledger, claim, deps.clock))
  } finally {
    session?.abort()
    await speaking.catch(() => undefined)
  }
}

async function publishWords(
  deps: TranscribeDeps,
  claim: Claim,
  session: SpeechSession,
  heardAudio: ReturnType<typeof createAcknowledger>,
  signal: AbortSignal,
): Promise<void> {
  const utterances = createUtterances(claim.callId, claim.fence)
  let position = { ackedId: claim.ackedId, ackedMs: claim.ackedMs }
  let pendingGap: { fromMs: number; toMs: number; reason: string } | null = null

  const settleGap = async () => {
    if (pendingGap === null) return
    const gap = pendingGap
    pendingGap = null
    await writeGap(deps.ledger, claim, gap)
  }

  const publish = async (event: SpeechEvent) => {
    // Said already, by this call's previous transcriber.
    if (event.endMs <= claim.ackedMs) return
    if (event.type === 'lost') {
      const joins = pendingGap?.reason === event.reason && event.startMs <= pendingGap.toMs
      if (!joins) await settleGap()
      const fromMs = pendingGap?.fromMs ?? event.startMs
      pendingGap = {
        fromMs,
        toMs: Math.max(pendingGap?.toMs ?? 0, event.endMs),
        reason: event.reason,
      }
      return
    }
    await settleGap()
    const placed = utterances.place(event)
    if (event.type === 'interim') {
      const { text } = maskInterim(event.text)
      const { startMs, endMs, speaker } = event
      const interim = {
        ...placed,
        text,
        startMs,
        endMs,
        ...(speaker === undefined ? {} : { speaker }),
      }
      await deps.doorbell.ringInterim(claim.tenantId, claim.callId, interim)
      return
    }
    const doneMs = Math.min(event.endMs, utterances.earliestOpenMs() ?? event.endMs)
    const ackedId = heardAudio.upTo(doneMs) ?? position.ackedId
    position = { ackedId, ackedMs: Math.max(position.ackedMs, event.endMs) }
    await writeFinal(deps.ledger, claim, { final: event, ...placed, position })
    if (ackedId !== '0-0') await deps.audio.trimTo(claim.callId, ackedId).catch(() => undefined)
  }

  for await (const event of session) {
    if (signal.aborted) return
    await publish(event)
  }
  await settleGap()
}
