/** How a media socket is closed, and what `stream.ended` says of it. */
export type Close = { code: number; reason: string; ended: string }

/** Every way we close a media socket; codes by RFC 6455 §7.4 and the IANA registry. */
export const closes = {
  stop: { code: 1000, reason: 'stop', ended: 'stop' },
  canceled: { code: 1000, reason: 'canceled', ended: 'canceled' },
  notJson: { code: 1007, reason: 'not json', ended: 'protocol_error' },
  notUtf8: { code: 1007, reason: 'invalid utf-8', ended: 'protocol_error' },
  identity: { code: 1008, reason: 'identity', ended: 'identity' },
  unknownCall: { code: 1008, reason: 'unknown call', ended: 'identity' },
  tokenUsed: { code: 1008, reason: 'token used', ended: 'identity' },
  noStart: { code: 1008, reason: 'no start', ended: 'no_start' },
  noMedia: { code: 1008, reason: 'no media', ended: 'no_media' },
  flood: { code: 1008, reason: 'too many messages', ended: 'flood' },
  tooLong: { code: 1008, reason: 'too long', ended: 'flood' },
  streamCap: { code: 1008, reason: 'too many streams', ended: 'stream_cap' },
  fault: { code: 1011, reason: 'internal', ended: 'fault' },
  replaced: { code: 1012, reason: 'replaced', ended: 'replaced' },
  drain: { code: 1012, reason: 'drain', ended: 'drain' },
} as const satisfies Record<string, Close>

/** The connection was lost, without a `stop` and without a closing handshake. */
export const DISCONNECTED = 'disconnected'
/** The peer closed in good order, without a `stop`: Exotel's servers have been seen to. */
export const CLOSED = 'closed'

/** How a socket ended that its peer took away, by the code of its close (RFC 6455 §7.4.1). */
export function endedByPeer(code: number): typeof CLOSED | typeof DISCONNECTED {
  return code === 1000 || code === 1005 ? CLOSED : DISCONNECTED
}
