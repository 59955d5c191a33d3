import { canMove, isFinal, type CallLeg, type CallStatus } from '@callwire/contracts'
import { NOT_PLACED } from '@callwire/ledger'
import { mergeLegs } from './legs.ts'

/** What Exotel says of a call, in a callback or when asked. Absent fields say nothing. */
export type News = {
  sid: string
  status: CallStatus | null
  durationSeconds?: number | undefined
  recordingUrl?: string | undefined
  legs?: CallLeg[] | undefined
}

/** What we know of the call. */
export type Known = {
  status: CallStatus
  sid: string | null
  reasonCode: string | null
  durationSeconds: number | null
  hasRecordingUrl: boolean
  legs: CallLeg[] | null
}

/** `duplicate`: the same was said before, and nothing in it is new. */
export type NewsOutcome =
  'applied' | 'ignored_rank' | 'ignored_status' | 'ignored_sid' | 'duplicate'

export type NewsDecision = {
  outcome: Exclude<NewsOutcome, 'duplicate'>
  /** The status to move to, and whether that takes back a failure as `not_placed`. */
  move?: { status: CallStatus; reopens: boolean }
  bindSid?: string
  durationSeconds?: number
  recordingUrl?: string
  /** All that is known of the legs now. */
  legs?: CallLeg[]
}

/** What Exotel reports of a call that exists; the other states are our own. */
const reported: ReadonlySet<CallStatus> = new Set([
  'ringing',
  'in-progress',
  'completed',
  'busy',
  'no-answer',
  'failed',
  'canceled',
])

/**
 * What a piece of news changes. News may come early, late, twice and in any order: it only moves
 * a call up the ranks, fills what is still empty and never erases. News of another call's Sid
 * changes nothing. A call that was given up as not placed is taken up again by any news of it.
 */
export function decideCallback(known: Known, news: News): NewsDecision {
  if (known.sid !== null && known.sid !== news.sid) return { outcome: 'ignored_sid' }
  const status = news.status !== null && reported.has(news.status) ? news.status : null
  const move = moveOf(known, status)
  const ends = status !== null && isFinal(status)
  const legs = mergeLegs(known.legs, news.legs)
  return {
    outcome: move !== undefined ? 'applied' : status === null ? 'ignored_status' : 'ignored_rank',
    ...(move !== undefined && { move }),
    ...(known.sid === null && { bindSid: news.sid }),
    // Only the news of the end tells how long the call was; before it Exotel sends a 0.
    ...(ends &&
      known.durationSeconds === null &&
      news.durationSeconds !== undefined && { durationSeconds: news.durationSeconds }),
    ...(!known.hasRecordingUrl &&
      news.recordingUrl !== undefined && { recordingUrl: news.recordingUrl }),
    ...(legs !== null && { legs }),
  }
}

function moveOf(known: Known, status: CallStatus | null): NewsDecision['move'] {
  if (known.status === 'failed' && known.reasonCode === NOT_PLACED) {
    // Exotel knows the call after all. When it does not say how it stands, it has to be asked.
    return { status: status ?? 'unknown', reopens: true }
  }
  if (status === null) {
    // Exotel knows a call that waits to be dialed: it must not be dialed again.
    return known.status === 'queued' ? { status: 'unknown', reopens: false } : undefined
  }
  if (!canMove(known.status, status)) return undefined
  return { status, reopens: false }
}

/** Whether a piece of news told something that was not known. */
export function tellsNews({ move, bindSid, durationSeconds, recordingUrl, legs }: NewsDecision) {
  return [move, bindSid, durationSeconds, recordingUrl, legs].some((part) => part !== undefined)
}
