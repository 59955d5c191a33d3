import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { clientKey, edgeHeader, verifyEdgeProof } from '@callwire/runtime'
import { verifyMacToken } from '@callwire/crypto'
import type { IngestContext } from './context.ts'
import { isInRanges, peerAddress } from './peer-address.ts'

export type AddressDeps = Pick<IngestContext, 'edgeRing' | 'clock'> & {
  allowedIps: readonly string[]
  trustedProxies: readonly string[]
}

/** Where a request comes from. */
export type Client = {
  /** Without IPv4 mapping; null when it cannot be known. */
  address: string | null
  isListed: boolean
  /** What its requests are counted under; null when they are not: many calls come from Exotel's few. */
  countedAs: string | null
}

/** Reads a request's client: through the gateway, through a trusted proxy, or its own peer. */
export function clientOf(
  deps: AddressDeps,
  request: Pick<IncomingMessage, 'headers'> & { socket: { remoteAddress?: string | undefined } },
): Client {
  const address = peerAddress({
    remoteAddress: request.socket.remoteAddress,
    forwardedFor: headerOf(request.headers, 'x-forwarded-for'),
    edgeProof: headerOf(request.headers, edgeHeader),
    isEdge: (proof, forwardedFor) =>
      verifyEdgeProof(
        (message, token) => verifyMacToken(deps.edgeRing, 'edge', message, token),
        proof,
        forwardedFor,
        deps.clock.now() / 1000,
      ),
    trustedProxies: deps.trustedProxies,
  })
  const isListed = isInRanges(address, deps.allowedIps)
  return { address, isListed, countedAs: isListed ? null : clientKey(address ?? 'unknown') }
}

/**
 * What a connection that has not said anything yet counts under. Proxies hold many people's, and
 * what stands on the allow-list opens many at once.
 */
export function silentKey(
  o: Pick<AddressDeps, 'allowedIps' | 'trustedProxies'>,
  remoteAddress: string,
): string | null {
  const isKnown = isInRanges(remoteAddress, [...o.allowedIps, ...o.trustedProxies])
  return isKnown ? null : clientKey(remoteAddress)
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(',') : value
}
