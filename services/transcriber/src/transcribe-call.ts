import type { AudioStreams, Leases } from '@callwire/bus'
import type { Database } from '@callwire/db'
import { every, type Clock, type Logger, type Random } from '@callwire/runtime'
import { createAcknowledger } from './acknowledge.ts'
import type { Claim } from './claim-call.ts'
import { finishCall } from './finish-call.ts'
import { publishWords, type PublishDeps } from './publish-words.ts'
import { readAudio } from './read-audio.ts'
import { readSaid } from './read-said.ts'
import type { SpeechProvider } from './speech/provider.ts'
import { createSpeechSession, type SpeechSession } from './speech/session.ts'
import type { Times } from './times.ts'

export type TranscribeDeps = PublishDeps & {
  database: Database
  audio: AudioStreams
  leases: Leases
  providers: readonly SpeechProvider[]
  owner: string
  times: Times
  clock: Clock
  random: Random
  log: Logger
}

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
  const { clock, log, leases, owner, times } = deps
  const renewing = every(
    times.renewMs,
    async () => {
      if (!(await leases.renew(claim.callId, owner, times.leaseMs))) stop.abort()
    },
    { clock, signal: stopped, log, name: 'renew lease' },
  )
  try {
    const heardTo = await hearCall(deps, claim, stopped)
    // Not the stream itself: another socket of the call may be writing to it by now.
    if (heardTo !== null) await deps.audio.trimTo(claim.callId, idAfter(heardTo))
  } finally {
    stop.abort()
    await renewing[Symbol.asyncDispose]()
    await leases.release(claim.callId, owner).catch(() => undefined)
  }
}

/**
 * The id of the last entry of a call that is over and done with; null when the call is another's
 * now, or went on in another socket while its end was being written.
 */
async function hearCall(
  deps: TranscribeDeps,
  claim: Claim,
  signal: AbortSignal,
): Promise<string | null> {
  const said = await readSaid(deps.ledger, claim)
  const heardAudio = createAcknowledger()
  const failed = new AbortController()
  const going = AbortSignal.any([signal, failed.signal])
  let session: SpeechSession | null = null
  let speaking: Promise<void> = Promise.resolve()
  let sampleRate = DEFAULT_SAMPLE_RATE
  let heardTo = claim.ackedId
  let heardToMs = claim.ackedMs

  const begin = (): SpeechSession => {
    const { providers, clock, random, log } = deps
    const doneToMs = heardToMs
    const resumed = claim.fence > 1 ? { said } : {}
    const options = { providers, sampleRate, doneToMs, ...resumed, clock, random, log }
    const started = createSpeechSession(options)
    speaking = publishWords(deps, claim, started, heardAudio, going)
    speaking.catch(() => failed.abort())
    return started
  }
  const end = async () => {
    session?.end()
    await speaking
  }

  try {
    for await (const heard of readAudio(deps, claim, going)) {
      heardTo = heard.id
      if (heard.kind === 'other') continue
      if (session !== null && heard.sampleRate !== sampleRate) {
        await end()
        session = null
      }
      sampleRate = heard.sampleRate
      session ??= begin()
      heardAudio.read(heard.id, heard.endMs)
      heardToMs = Math.max(heardToMs, Math.floor(heard.endMs))
      await session.room(going)
      session.write(heard.pcm, heard.startMs)
    }
    if (failed.signal.aborted) await speaking
    if (signal.aborted) return null
    session ??= begin()
    await end()
    // Without the lease the words above may be half published: the next holder finishes.
    signal.throwIfAborted()
    return (await finishCall(deps.ledger, claim, deps.clock)) ? heardTo : null
  } finally {
    session?.abort()
    await speaking.catch(() => undefined)
  }
}

/** The smallest id of a Redis Stream that is greater. */
function idAfter(id: string): string {
  const [ms = '0', seq = '0'] = id.split('-')
  return `${ms}-${String(BigInt(seq) + 1n)}`
}
