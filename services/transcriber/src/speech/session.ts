import type { Clock, Logger, Random } from '@callwire/runtime'
import { backoffMs } from '@callwire/runtime'
import { createAudioRing } from './audio-ring.ts'
import { createCallClock, type CallClock } from './call-clock.ts'
import { createEventQueue } from './event-queue.ts'
import type { SpeechConnection, SpeechErrorKind, SpeechProvider } from './provider.ts'
import type { Said } from './said.ts'
import type { SpeechEvent } from './speech-event.ts'
import { createTelling } from './telling.ts'

export type SpeechSession = AsyncIterable<SpeechEvent> & {
  /** Resolves when more may be written: not while much waits for a provider to take it. */
  room(signal: AbortSignal): Promise<void>
  /** s16le mono PCM, heard from `callMs` on the call's clock; when its last byte came in, epoch ms. */
  write(pcm: Buffer, callMs: number, arrivedAtMs?: number): void
  /** The call has no sound here, on its clock: told as lost, with the whole words it took. */
  hole(hole: { fromMs: number; toMs: number; reason: string }): void
  /** Up to here, the connection that now listens was given the call's audio; 0 without one. */
  givenToMs(): number
  end(): void
  abort(): void
}

type Options = {
  providers: readonly SpeechProvider[]
  sampleRate: number
  /** What was said for good before, when audio may be heard again. */
  said?: Said
  /** Up to here on the call's clock, everything is accounted for. */
  doneToMs?: number
  /** Audio was handed to a provider for the first time. */
  onGiven?: (arrivedAtMs: number) => void
  clock: Clock
  random: Random
  log: Logger
}

/** How one connection ended. */
type Ending =
  | { kind: 'finished' }
  | { kind: 'failed'; error: SpeechErrorKind; retryable: boolean; retryAfterMs: number }

const goodbye = { kind: 'failed', error: 'network', retryable: true, retryAfterMs: 0 } as const

/** Tries of one provider in a row before the next one is asked. */
const MAX_NETWORK_TRIES = 3
/** A vendor that is not ready by then is as good as away. */
const READY_TIMEOUT_MS = 10_000
/** What a vendor gets for the last words once a call's audio has ended. */
const END_TIMEOUT_MS = 5_000
/** Heard again before a final's end, so that a word cut in two is whole in the replay. */
const PRE_ROLL_MS = 300
/** Audio that may wait for a provider here; the rest waits where it was stored. */
const ROOM_MS = 30_000
const RETRY = { baseMs: 100, maxMs: 10_000 }

/**
 * One call's speech: keeps what is not final yet, opens a connection, replays to the next one when it
 * fails, and asks the next provider when one gives up. Nothing is silent: words that no provider could
 * give come out as `lost`.
 */
export function createSpeechSession(options: Options): SpeechSession {
  const { clock, log, providers } = options
  const bytesPerMs = (options.sampleRate * 2) / 1000
  const ring = createAudioRing()
  const events = createEventQueue<SpeechEvent>()
  const stop = new AbortController()
  const telling = createTelling({
    push: (event) => events.push(event),
    doneToMs: options.doneToMs ?? 0,
    ...(options.said === undefined ? {} : { said: options.said }),
  })
  let ended = false
  let heardToMs = 0
  let givenToMs = 0
  /** Running numbers below this were handed to a provider before. */
  let firstGiven = 0
  /** The running number of the next chunk to send. */
  let cursor = 0
  let isGivenUp = false
  let isAfterHole = false
  let wakeWriter: (() => void) | null = null
  let wakeReader: (() => void) | null = null

  const nudge = () => {
    wakeWriter?.()
    wakeWriter = null
  }

  const letIn = () => {
    wakeReader?.()
    wakeReader = null
  }

  const backlogMs = () => {
    const next = ring.at(Math.max(cursor, ring.first))
    return next === undefined ? 0 : heardToMs - next.callMs
  }

  /** Sends everything kept, then everything new, in order, until the connection is closed. */
  const feed = async (connection: SpeechConnection, time: CallClock, closed: AbortSignal) => {
    cursor = ring.first
    closed.addEventListener('abort', nudge, { once: true })
    while (!closed.aborted) {
      cursor = Math.max(cursor, ring.first)
      const chunk = ring.at(cursor)
      if (chunk !== undefined) {
        const pcm = ring.soundOf(cursor)
        cursor += 1
        time.sent(chunk.callMs, chunk.durationMs)
        if (chunk.afterHole) connection.missed?.()
        connection.write(pcm)
        givenToMs = Math.floor(chunk.callMs + chunk.durationMs)
        if (cursor > firstGiven && chunk.arrivedAtMs !== undefined) {
          options.onGiven?.(chunk.arrivedAtMs)
        }
        firstGiven = Math.max(firstGiven, cursor)
        if (backlogMs() < ROOM_MS) letIn()
      } else if (ended) {
        connection.end()
        return
      } else {
        await new Promise<void>((resolve) => {
          wakeWriter = resolve
        })
      }
    }
  }

  const listen = async (connection: SpeechConnection, time: CallClock): Promise<Ending> => {
    for await (const event of connection) {
      if (event.type === 'error') {
        return {
          kind: 'failed',
          error: event.kind,
          retryable: event.retryable,
          retryAfterMs: event.retryAfterMs ?? 0,
        }
      }
      telling.hear(event, time)
      if (event.type === 'final') ring.trim(telling.neededFromMs() - PRE_ROLL_MS)
    }
    return { kind: 'finished' }
  }

  const connect = async (provider: SpeechProvider): Promise<Ending> => {
    telling.begin(provider)
    const closed = new AbortController()
    let connection: SpeechConnection | null = null
    const release = () => {
      closed.abort()
      connection?.abort()
    }
    stop.signal.addEventListener('abort', release, { once: true })
    try {
      connection = provider.open({ sampleRate: options.sampleRate, languages: [] })
      await connection.ready(AbortSignal.any([stop.signal, AbortSignal.timeout(READY_TIMEOUT_MS)]))
      const time = createCallClock()
      const feeding = feed(connection, time, closed.signal)
      const listening = listen(connection, time)
      const deadline = feeding
        .then(() => clock.sleep(END_TIMEOUT_MS, closed.signal))
        .then(
          (): Ending => ({ kind: 'failed', error: 'timeout', retryable: false, retryAfterMs: 0 }),
          (): Ending => ({ kind: 'finished' }),
        )
      return await Promise.race([listening, deadline])
    } catch {
      return { kind: 'failed', error: 'network', retryable: true, retryAfterMs: 0 }
    } finally {
      stop.signal.removeEventListener('abort', release)
      givenToMs = 0
      release()
    }
  }

  /** True when the call's words are all out. */
  const tryProvider = async (provider: SpeechProvider): Promise<boolean> => {
    for (let attempt = 1; attempt <= MAX_NETWORK_TRIES; attempt += 1) {
      const finalsBefore = telling.finalToMs()
      const ending = await connect(provider)
      if (stop.signal.aborted) return true
      if (ending.kind === 'finished' && ended) return true
      // A vendor that says goodbye in mid-call is one whose connection broke.
      const failure = ending.kind === 'finished' ? goodbye : ending
      log.warn({ provider: provider.id, kind: failure.error, attempt }, 'speech connection failed')
      if (!failure.retryable) return false
      if (telling.finalToMs() > finalsBefore) attempt = 0
      const delayMs = Math.max(
        failure.retryAfterMs,
        backoffMs(attempt, { ...RETRY, random: options.random }),
      )
      await clock.sleep(delayMs, stop.signal).catch(() => undefined)
    }
    return false
  }

  const runAll = async () => {
    for (const provider of providers) {
      if (await tryProvider(provider)) {
        telling.end(null)
        return
      }
    }
    isGivenUp = true
    letIn()
    // Nobody is left to ask: take the rest of the call, so that its words are named as missing at its end.
    while (!ended && !stop.signal.aborted) {
      await new Promise<void>((resolve) => {
        wakeWriter = resolve
      })
    }
    if (stop.signal.aborted) return
    const reason = providers.length === 0 ? 'no_provider' : 'provider_failed'
    telling.end({ toMs: heardToMs, reason })
  }

  void runAll().finally(() => events.close())

  return {
    async room(signal) {
      // The backlog first: it is looked at with every block, and asking a joined signal is dear.
      while (backlogMs() >= ROOM_MS) {
        if (isGivenUp || ended || stop.signal.aborted || signal.aborted) return
        const { promise, resolve } = Promise.withResolvers<undefined>()
        wakeReader = () => resolve(undefined)
        const onAbort = () => resolve(undefined)
        signal.addEventListener('abort', onAbort, { once: true })
        await promise
        signal.removeEventListener('abort', onAbort)
      }
    },
    write(pcm, callMs, arrivedAtMs) {
      if (ended || stop.signal.aborted || pcm.length === 0) return
      const durationMs = pcm.length / bytesPerMs
      heardToMs = Math.max(heardToMs, Math.floor(callMs + durationMs))
      const arrived = arrivedAtMs === undefined ? {} : { arrivedAtMs }
      const chunk = {
        callMs,
        durationMs,
        ...arrived,
        ...(isAfterHole && { afterHole: true as const }),
      }
      ring.push(chunk, pcm)
      isAfterHole = false
      if (!isGivenUp) telling.heardTo(heardToMs)
      nudge()
    },
    hole({ fromMs, toMs, reason }) {
      if (ended || stop.signal.aborted) return
      heardToMs = Math.max(heardToMs, Math.ceil(toMs))
      isAfterHole = true
      telling.hole({ startMs: fromMs, endMs: toMs, reason })
    },
    givenToMs: () => givenToMs,
    end() {
      ended = true
      nudge()
    },
    abort() {
      stop.abort()
      nudge()
      letIn()
      events.close()
    },
    [Symbol.asyncIterator]: () => events[Symbol.asyncIterator](),
  }
}
