import { clientKey } from '@callwire/runtime'
import ipaddr from 'ipaddr.js'

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number]
export type TrustedProxies = readonly Range[]

/** @param ranges - addresses or CIDR ranges, already checked by the configuration */
export function parseTrustedProxies(ranges: readonly string[]): TrustedProxies {
  return ranges.map((range) => {
    const [address, bits] = ipaddr.parseCIDR(
      range.includes('/') ? range : `${range}/${ipaddr.parse(range).kind() === 'ipv4' ? 32 : 128}`,
    )
    return [address, bits]
  })
}

/**
 * The client behind a connection: the peer itself, unless the peer is a trusted proxy; then the
 * nearest address of X-Forwarded-For, read from the right, that is no trusted proxy. Entries that
 * are no addresses end the walk: what a stranger wrote is never believed.
 *
 * @param peer - the socket's remote address; IPv4 inside IPv6 is un-mapped
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trusted: TrustedProxies,
): string {
  let client = normalize(peer ?? '')
  if (client === null) return 'unknown'
  const hops = (forwardedFor ?? '').split(',')
  while (hops.length > 0 && isTrusted(client, trusted)) {
    const next = normalize((hops.pop() ?? '').trim())
    if (next === null) break
    client = next
  }
  return client
}

/**
 * What a connection counts under that has sent no request yet; null for a trusted proxy's, which
 * keeps many people's open.
 */
export function silentKey(peer: string, trusted: TrustedProxies): string | null {
  const address = normalize(peer)
  return address !== null && isTrusted(address, trusted) ? null : clientKey(peer)
}

function normalize(text: string): string | null {
  return ipaddr.isValid(text) ? ipaddr.process(text).toString() : null
}

function isTrusted(address: string, trusted: TrustedProxies): boolean {
  const parsed = ipaddr.process(address)
  return trusted.some(
    ([range, bits]) => parsed.kind() === range.kind() && parsed.match(range, bits),
  )
}
