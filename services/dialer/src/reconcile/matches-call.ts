import { normalizeExotelNumber, type ExotelCall } from '@callwire/exotel'

/** The numbers and the time by which a call of ours is known on Exotel's list. */
export type CallMarks = {
  /** Whoever was rung first. */
  from: string
  /** Only calls between two numbers carry the second one. */
  to: string | null
  phoneNumber: string
  createdFromMs: number
  createdToMs: number
}

/**
 * Whether a call on Exotel's list can be ours: not one that came in, also when the person we dial
 * called that phone in the same minutes. Exotel lists numbers with a leading 0 even when it
 * filtered them in E.164; what it leaves out speaks neither for nor against.
 */
export function matchesCall(listed: ExotelCall, marks: CallMarks): boolean {
  return (
    !isInbound(listed.direction) &&
    sameNumber(listed.from, marks.from) &&
    (marks.to === null || sameNumber(listed.to, marks.to)) &&
    sameNumber(listed.phoneNumber, marks.phoneNumber) &&
    (listed.createdAtMs === null ||
      (listed.createdAtMs >= marks.createdFromMs && listed.createdAtMs <= marks.createdToMs))
  )
}

function sameNumber(listed: string | null, ours: string): boolean {
  return listed === null || normalizeExotelNumber(listed) === ours
}

/** `inbound` in Exotel's API, `incoming` in its applets. */
function isInbound(direction: string | null): boolean {
  return direction !== null && /^in(bound|coming)/i.test(direction)
}
