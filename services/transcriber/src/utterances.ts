import { createHash } from 'node:crypto'
import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import type { SpeechEvent } from './speech/speech-event.ts'

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
  const open = new Map<string, { utteranceId: string; startMs: number }>()
  /** The last revision of each utterance that is not final. */
  const revs = new Map<string, number>()
  let connection = 0
  const nextRev = (utteranceId: string) =>
    (revs.get(utteranceId) ?? (fence - 1) * REVISIONS_PER_HOLDER) + 1
  return {
    place(event) {
      // What an earlier connection left open is heard again on this one.
      if (event.connection !== connection) open.clear()
      connection = event.connection
      const placed = open.get(event.segment) ?? {
        utteranceId: utteranceIdOf(callId, event),
        startMs: event.startMs,
      }
      const { utteranceId } = placed
      const rev = nextRev(utteranceId)
      if (event.type === 'final') {
        open.delete(event.segment)
        revs.delete(utteranceId)
      } else {
        open.set(event.segment, placed)
        revs.set(utteranceId, rev)
      }
      return { utteranceId, rev }
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
