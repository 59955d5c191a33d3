import type { Acknowledger } from './acknowledge.ts'
import type { Claim } from './claim-call.ts'
import type { Heard } from './read-audio.ts'

/** What a call sounds like, moment by moment: sound or a hole. */
export type HeardMoment = Extract<Heard, { kind: 'audio' | 'hole' }>

/** Somebody beside the speech provider who hears a call in one piece, as its lease's holder does. */
export type Listener = {
  /** Awaited before the next moment is read: whoever is slow here slows the words. */
  take(moment: HeardMoment): Promise<void>
  /**
   * The call's audio is over; awaited before its words are said to be complete. Nothing is waited for,
   * nor written, once the signal says that the call is to be another holder's.
   */
  finish(signal: AbortSignal): Promise<void>
  /** Called last in any case. Unless it was finished, the call is another holder's now: write nothing more. */
  abort(): void
}

/**
 * Joins a call that was claimed; null for one it does not care about. What it is not done with is kept
 * for as long as its mark of the acknowledgement says.
 */
export type Listen = (claim: Claim, acknowledger: Acknowledger) => Promise<Listener | null>
