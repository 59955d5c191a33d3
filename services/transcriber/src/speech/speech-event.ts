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
  | Lost

/** Words between these moments of the call could not be had. */
export type Lost = { type: 'lost'; startMs: number; endMs: number; reason: string }
