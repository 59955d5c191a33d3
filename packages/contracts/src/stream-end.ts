/**
 * Why a media socket ended when nobody on its other side said that the audio was over: we closed
 * it, or the connection or our process broke. What a `stop` says (Exotel's own words), `stop`
 * itself, `canceled` and `closed` are ends in good order.
 */
export const brokenStreamEnds = [
  'disconnected',
  'drain',
  'fault',
  'flood',
  'identity',
  'lost',
  'no_media',
  'protocol_error',
  'replaced',
] as const
export type BrokenStreamEnd = (typeof brokenStreamEnds)[number]

/** Whether a `stream.ended` with this reason leaves it open what was said after it. */
export function isBrokenStreamEnd(reason: string): reason is BrokenStreamEnd {
  return (brokenStreamEnds as readonly string[]).includes(reason)
}
