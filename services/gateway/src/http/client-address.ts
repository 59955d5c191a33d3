import type { IncomingMessage } from 'node:http'
import { clientKey, peerAddress, type AddressRanges } from '@callwire/runtime'

/** What an address is called that cannot be known; no service takes it for one. */
const UNKNOWN = 'unknown'

/**
 * The client behind a request, as text: its peer, or what trusted proxies say of it; `unknown` when
 * it cannot be told, never the address of a proxy that did not say.
 */
export function clientAddress(
  request: Pick<IncomingMessage, 'headers'> & { socket: { remoteAddress?: string | undefined } },
  trusted: AddressRanges,
): string {
  const forwarded = request.headers['x-forwarded-for']
  const address = peerAddress({
    remoteAddress: request.socket.remoteAddress,
    forwardedFor: Array.isArray(forwarded) ? forwarded.join(',') : forwarded,
    trusted,
  })
  return address ?? UNKNOWN
}

/**
 * What a connection counts under that has sent no request yet; null for a trusted proxy's, which
 * keeps many people's open.
 */
export function silentKey(peer: string, trusted: AddressRanges): string | null {
  return trusted.has(peer) ? null : clientKey(peer)
}
