import { createHash } from 'node:crypto'
import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import type { SpeechEvent } from './speech/session.ts'

type Spoken = Extract<SpeechEvent, { type: 'interim' | 'final' }>

export type Utterances = {
  /** The utterance's id and next revision. */
  place(event: Spoken): { utteranceId: string; rev: number }
  /** Start of the earliest utterance that is not final, or null. */
  earliestOpenMs(): number | null
}

/** Revisions one holder of a call may use before its successor's begin. */
const REVISIONS_PER_HOLDER = 1_000

/**
 * Names utterances. Their ids follow from the call and the moment an utterance began, and a successor's
 * revisions begin above its predecessor's, so that a consumer sees one utterance, growing, also when
 * the transcriber changed in the middle of it.
 *
 * @param fence - which holder of the call this is, from 1
 */
export function createUtterances(callId: string, fence: number): Utterances {
  const open = new Map<string, { utteranceId: string; rev: number; startMs: number }>()
  const firstRev = (fence - 1) * REVISIONS_PER_HOLDER + 1
  return {
    place(event) {
      const key = `${String(event.connection)}:${event.segment}`
      const known = open.get(key)
      const placed =
        known === undefined
          ? { utteranceId: utteranceIdOf(callId, event), rev: firstRev, startMs: event.startMs }
          : { ...known, rev: known.rev + 1 }
      if (event.type === 'final') open.delete(key)
      else open.set(key, placed)
      return { utteranceId: placed.utteranceId, rev: placed.rev }
    },
    earliestOpenMs() {
      const starts = [...open.values()].map((utterance) => utterance.startMs)
      return starts.length === 0 ? null : Math.min(...starts)
    },
  }
}

function utteranceIdOf(callId: string, event: Spoken): string {
  const name = JSON.stringify([callId, event.startMs, event.speaker ?? ''])
  const random = createHash('sha256').update(name).digest().subarray(0, ID_RANDOM_BYTES)
  return newId('utterance', { nowMs: event.startMs, random })
}
