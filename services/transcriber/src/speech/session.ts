import type { Clock, Logger, Random } from '@callwire/runtime'
import { backoffMs } from '@callwire/runtime'
import { createAudioRing } from './audio-ring.ts'
import { createCallClock, type CallClock } from './call-clock.ts'
import { createEventQueue } from './event-queue.ts'
import type {
  ProviderEvent,
  SpeechConnection,
  SpeechErrorKind,
  SpeechProvider,
} from './provider.ts'

/** As a provider's events, with times on the call's clock and the provider's name. */
export type SpeechEvent =
  | {
      type: 'interim' | 'final'
      provider: string
      connection: number
      segment: string
      text: string
      startMs: number
      endMs: number
      speaker?: string
      language?: string
      confidence?: number
    }
  | { type: 'lost'; startMs: number; endMs: number; reason: string }

export type SpeechSession = AsyncIterable<SpeechEvent> & {
  /** s16le mono PCM, heard from `callMs` on the call's clock. */
  write(pcm: Buffer, callMs: number): void
  end(): void
  abort(): void
}

type Options = {
  providers: readonly SpeechProvider[]
  sampleRate: number
  clock: Clock
  random: Random
  log: Logger
}

/** How one connection ended. */
type Ending =
  | { kind: 'finished' }
  | { kind: 'failed'; error: SpeechErrorKind; retryable: boolean; retryAfterMs: number }

/** Tries of one provider in a row before the next one is asked. */
const MAX_NETWORK_TRIES = 3
/** A vendor that is not ready by then is as good as away. */
const READY_TIMEOUT_MS = 10_000
/** What a vendor gets for the last words once a call's audio has ended. */
const END_TIMEOUT_MS = 5_000
/** Heard again before a final's end, so that a word cut in two is whole in the replay. */
const PRE_ROLL_MS = 300
/** Two finals that end this close are the same one, heard again. */
const REPLAY_TOLERANCE_MS = 50
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
  let ended = false
  let heardToMs = 0
  let finalToMs = 0
  let connections = 0
  let wakeWriter: (() => void) | null = null
  /** Segments under way, and when each began: the ring keeps what they need to be heard again. */
  const open = new Map<string, number>()

  const nudge = () => {
    wakeWriter?.()
    wakeWriter = null
  }

  const translate = (
    event: ProviderEvent,
    provider: string,
    connection: number,
    time: CallClock,
  ) => {
    if (event.type === 'error') return
    const isLoss = event.type === 'lost'
    const startMs = time.toCallMs(event.startMs, isLoss ? 'before' : 'after')
    const endMs = time.toCallMs(event.endMs, isLoss ? 'after' : 'before')
    if (connection > 1 && endMs <= finalToMs + REPLAY_TOLERANCE_MS) return
    if (event.type === 'lost') {
      events.push({ type: 'lost', startMs, endMs, reason: event.reason })
      return
    }
    if (event.type === 'interim') open.set(event.segment, startMs)
    if (event.type === 'final') {
      open.delete(event.segment)
      finalToMs = Math.max(finalToMs, endMs)
      ring.trim(Math.min(finalToMs - PRE_ROLL_MS, ...open.values()))
    }
    events.push({ ...event, startMs, endMs, provider, connection })
  }

  /** Sends everything kept, then everything new, in order, until the connection is closed. */
  const feed = async (connection: SpeechConnection, time: CallClock, closed: AbortSignal) => {
    let cursor = ring.first
    for (;;) {
      if (closed.aborted) return
      cursor = Math.max(cursor, ring.first)
      const chunk = ring.at(cursor)
      if (chunk !== undefined) {
        cursor += 1
        time.sent(chunk.callMs, chunk.durationMs)
        connection.write(chunk.pcm)
        continue
      }
      if (ended) {
        connection.end()
        return
      }
      await new Promise<void>((resolve) => {
        wakeWriter = resolve
        closed.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  const listen = async (
    connection: SpeechConnection,
    provider: SpeechProvider,
    number: number,
    time: CallClock,
  ): Promise<Ending> => {
    for await (const event of connection) {
      if (event.type === 'error') {
        return {
          kind: 'failed',
          error: event.kind,
          retryable: event.retryable,
          retryAfterMs: event.retryAfterMs ?? 0,
        }
      }
      translate(event, provider.id, number, time)
    }
    return { kind: 'finished' }
  }

  const connect = async (provider: SpeechProvider): Promise<Ending> => {
    const number = (connections += 1)
    open.clear()
    const connection = provider.open({ sampleRate: options.sampleRate, languages: [] })
    const closed = new AbortController()
    const release = () => {
      closed.abort()
      connection.abort()
    }
    stop.signal.addEventListener('abort', release, { once: true })
    try {
      await connection.ready(AbortSignal.any([stop.signal, AbortSignal.timeout(READY_TIMEOUT_MS)]))
      const time = createCallClock()
      const feeding = feed(connection, time, closed.signal)
      const listening = listen(connection, provider, number, time)
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
      release()
    }
  }

  /** True when the call's words are all out. */
  const tryProvider = async (provider: SpeechProvider): Promise<boolean> => {
    for (let attempt = 1; attempt <= MAX_NETWORK_TRIES; attempt += 1) {
      const finalsBefore = finalToMs
      const ending = await connect(provider)
      if (stop.signal.aborted) return true
      if (ending.kind === 'finished') return ended
      log.warn({ provider: provider.id, kind: ending.error, attempt }, 'speech connection failed')
      if (!ending.retryable) return false
      if (finalToMs > finalsBefore) attempt = 0
      const delayMs = Math.max(
        ending.retryAfterMs,
        backoffMs(attempt, { ...RETRY, random: options.random }),
      )
      await clock.sleep(delayMs, stop.signal).catch(() => undefined)
    }
    return false
  }

  const runAll = async () => {
    for (const provider of providers) {
      if (await tryProvider(provider)) return
    }
    // Nobody is left to ask: take the rest of the call, so that its words are named as missing at its end.
    while (!ended && !stop.signal.aborted) {
      await new Promise<void>((resolve) => {
        wakeWriter = resolve
      })
    }
    if (stop.signal.aborted || heardToMs <= finalToMs) return
    const reason = providers.length === 0 ? 'no_provider' : 'provider_failed'
    events.push({ type: 'lost', startMs: finalToMs, endMs: heardToMs, reason })
  }

  void runAll().finally(() => events.close())

  return {
    write(pcm, callMs) {
      if (ended || stop.signal.aborted || pcm.length === 0) return
      const durationMs = pcm.length / bytesPerMs
      heardToMs = Math.max(heardToMs, Math.floor(callMs + durationMs))
      const dropped = ring.push({ callMs, durationMs, pcm })
      if (dropped !== null) log.warn({ toMs: dropped.droppedToMs }, 'audio without words let go')
      nudge()
    },
    end() {
      ended = true
      nudge()
    },
    abort() {
      stop.abort()
      nudge()
      events.close()
    },
    [Symbol.asyncIterator]: () => events[Symbol.asyncIterator](),
  }
}
