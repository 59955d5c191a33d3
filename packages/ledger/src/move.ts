import { canMove, isFinal, type CallStatus } from '@callwire/contracts'

/**
 * How a status may change beside moving up:
 * - `requeue`: the dialer alone, taking back an attempt that Exotel cannot have acted on;
 * - `reopen`: news of a call that was failed as never placed;
 * - `take_back`: a parked call that rang because a person named a sid that Exotel does not have;
 * - `annotate`: the same status for another reason (still waiting, parked for a person).
 */
export type Exception = 'requeue' | 'reopen' | 'take_back' | 'annotate'

/** The reason code of a call that was failed because it was never placed. */
export const NOT_PLACED = 'not_placed'

/** The reason code of a call of unknown outcome that only a person can decide on. */
export const NEEDS_REVIEW = 'needs_review'

type Standing = { status: CallStatus; reasonCode: string | null }

/** Whether a call may go from where it is to `to`. */
export function mayChange(
  from: Standing,
  to: { status: CallStatus; reasonCode: string | null },
  exception?: Exception,
): boolean {
  switch (exception) {
    case undefined:
      return canMove(from.status, to.status)
    case 'requeue':
      return to.status === 'queued' && from.status === 'dialing'
    case 'reopen':
      return (
        from.status === 'failed' &&
        from.reasonCode === NOT_PLACED &&
        to.status !== 'queued' &&
        to.status !== 'failed'
      )
    case 'take_back':
      return from.status === 'ringing' && to.status === 'unknown' && to.reasonCode === NEEDS_REVIEW
    case 'annotate':
      return to.status === from.status && !isFinal(from.status) && to.reasonCode !== from.reasonCode
  }
}

type Moments = {
  dialingAt: Date | null
  dialedAt: Date | null
  unknownAt: Date | null
  answeredAt: Date | null
  endedAt: Date | null
}

/** The moments that a change sets, `at` being when it happened. */
export function momentsOf(
  call: Moments & { direction: 'outbound' | 'inbound' },
  status: CallStatus,
  at: Date,
): Partial<Moments> {
  switch (status) {
    case 'queued':
      return { dialingAt: null }
    case 'dialing':
      return { dialingAt: at, endedAt: null }
    case 'unknown':
      return { unknownAt: at, endedAt: null }
    case 'ringing':
      return { ...dialed(call, at), endedAt: null }
    case 'in-progress':
      return { ...dialed(call, at), answeredAt: call.answeredAt ?? at, endedAt: null }
    case 'completed':
    case 'busy':
    case 'no-answer':
      return { ...dialed(call, at), endedAt: at }
    case 'failed':
    case 'canceled':
      return { endedAt: at }
  }
}

/** Whoever rings was dialed, also when that news came first. */
function dialed(call: Moments & { direction: 'outbound' | 'inbound' }, at: Date): Partial<Moments> {
  return call.direction === 'inbound' ? {} : { dialedAt: call.dialedAt ?? at }
}
