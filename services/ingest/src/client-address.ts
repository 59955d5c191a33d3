import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import {
  clientKey,
  edgeHeader,
  peerAddress,
  readAddress,
  verifyEdgeProof,
  type AddressRanges,
} from '@callwire/runtime'
import { verifyMacToken } from '@callwire/crypto'
import type { IngestContext } from './context.ts'

export type AddressDeps = Pick<IngestContext, 'edgeRing' | 'clock'> & {
  allowedIps: AddressRanges
  trustedProxies: AddressRanges
}

/** Where a request comes from. */
export type Client = {
  /** Without IPv4 mapping; null when it cannot be known. */
  address: string | null
  isListed: boolean
  /** What its requests are counted under; null when they are not: many calls come from Exotel's few. */
  countedAs: string | null
}

/**
 * Reads a request's client: through the gateway, through a trusted proxy, or its own peer. A proof
 * of the gateway's that does not verify makes it unknown, never the gateway's own.
 */
export function clientOf(
  deps: AddressDeps,
  request: Pick<IncomingMessage, 'headers'> & { socket: { remoteAddress?: string | undefined } },
): Client {
  const forwardedFor = headerOf(request.headers, 'x-forwarded-for')
  const proof = headerOf(request.headers, edgeHeader)
  const address =
    proof === undefined
      ? peerAddress({
          remoteAddress: request.socket.remoteAddress,
          forwardedFor,
          trusted: deps.trustedProxies,
        })
      : provenAddress(deps, proof, forwardedFor ?? '')
  const isListed = deps.allowedIps.has(address)
  return { address, isListed, countedAs: isListed ? null : clientKey(address ?? 'unknown') }
}

/** The last entry: the edge writes it anew. */
function provenAddress(deps: AddressDeps, proof: string, forwardedFor: string): string | null {
  const isEdge = verifyEdgeProof(
    (message, token) => verifyMacToken(deps.edgeRing, 'edge', message, token),
    proof,
    forwardedFor,
    deps.clock.now() / 1000,
  )
  return isEdge ? readAddress(forwardedFor.split(',').at(-1)) : null
}

/**
 * What a connection that has not said anything yet counts under. Proxies hold many people's, and
 * what stands on the allow-list opens many at once.
 */
export function silentKey(
  o: Pick<AddressDeps, 'allowedIps' | 'trustedProxies'>,
  remoteAddress: string,
): string | null {
  const isKnown = o.allowedIps.has(remoteAddress) || o.trustedProxies.has(remoteAddress)
  return isKnown ? null : clientKey(remoteAddress)
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(',') : value
}
