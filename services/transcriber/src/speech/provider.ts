/**
 * The seam to a speech vendor. A connection is one attempt with no retries inside; the session above
 * it owns retries, replay, fallback and the clocks. Times of a connection are its own: 0 is the first
 * sample sent on it.
 */

/** What a provider can do; the session adapts to it instead of asking who it is. */
export type SpeechCapabilities = {
  interim: boolean
  /** Its interims and finals carry `words`. */
  words: boolean
  diarization: boolean
  /** Says itself which words were lost to damaged audio, so a hole in the audio needs no gap of ours. */
  reportsLoss: boolean
  sampleRates: readonly number[]
  /** Fastest replay the vendor takes, as a multiple of real time. */
  maxReplaySpeed: number
}

export type SpeechErrorKind =
  | 'auth'
  | 'quota'
  | 'rate_limit'
  | 'bad_request'
  | 'session_limit'
  | 'timeout'
  | 'network'
  | 'server'
  | 'protocol'

/** A word as it stands in its segment's text, with its place in the audio. */
export type TimedWord = { text: string; startMs: number; endMs: number }

/**
 * What a connection says. `segment` names an utterance within the connection. `words` are all words of
 * `text` in their order, from vendors that give their times: with them, a second hearing of the same
 * audio says each word once, however it is cut into segments.
 */
export type ProviderEvent =
  | {
      type: 'interim'
      segment: string
      text: string
      startMs: number
      endMs: number
      words?: readonly TimedWord[]
      speaker?: string
    }
  | {
      type: 'final'
      segment: string
      text: string
      startMs: number
      endMs: number
      words?: readonly TimedWord[]
      speaker?: string
      language?: string
      confidence?: number
    }
  /** Words between these moments were spoken and could not be had. */
  | { type: 'lost'; startMs: number; endMs: number; reason: string }
  | { type: 'error'; kind: SpeechErrorKind; retryable: boolean; retryAfterMs?: number }

export type OpenOptions = { sampleRate: number; languages: readonly string[] }

export type SpeechConnection = AsyncIterable<ProviderEvent> & {
  /** Resolves when the vendor itself says that it is ready. */
  ready(signal: AbortSignal): Promise<void>
  /** s16le mono PCM. False asks the caller to wait. Never throws. */
  write(pcm: Buffer): boolean
  /**
   * Says that sound is missing right before what is written next. A provider that reports losses
   * must tell of a word that has lost its beginning there, also when nothing was written before.
   */
  missed?(): void
  /** Says that no audio follows; the iteration ends when the last words are out. */
  end(): void
  /** Lets go at once. */
  abort(): void
}

export type SpeechProvider = {
  readonly id: string
  readonly capabilities: SpeechCapabilities
  open(options: OpenOptions): SpeechConnection
}
