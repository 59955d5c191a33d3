import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/**
 * The address a connection comes from, as text without IPv4 mapping, or null when it cannot be
 * known. X-Forwarded-For is believed with the edge's proof (its last entry: the edge writes it
 * anew) or from a trusted proxy (walking back over trusted ones); a proof that does not verify
 * makes the address unknown, never the proxy's own.
 */
export function peerAddress(o: {
  remoteAddress: string | undefined
  forwardedFor: string | undefined
  edgeProof: string | undefined
  isEdge: (proof: string, forwardedFor: string) => boolean
  trustedProxies: readonly string[]
}): string | null {
  const remote = parseAddress(o.remoteAddress)
  if (o.edgeProof !== undefined) {
    const forwardedFor = o.forwardedFor ?? ''
    if (!o.isEdge(o.edgeProof, forwardedFor)) return null
    return parseAddress(forwardedFor.split(',').at(-1))?.toString() ?? null
  }
  if (remote === null || o.forwardedFor === undefined) return remote?.toString() ?? null
  let believed: Address = remote
  for (const entry of o.forwardedFor.split(',').reverse()) {
    if (!inRanges(believed, o.trustedProxies)) break
    const next = parseAddress(entry)
    if (next === null) return null
    believed = next
  }
  return believed.toString()
}

/** Whether an address lies in one of the ranges (CIDR or single addresses, IPv4-mapped or not). */
export function isInRanges(address: string | null, ranges: readonly string[]): boolean {
  const parsed = parseAddress(address ?? undefined)
  return parsed !== null && inRanges(parsed, ranges)
}

function inRanges(address: Address, ranges: readonly string[]): boolean {
  return ranges.some((text) => {
    const [range, bits] = parseRange(text)
    return range.kind() === address.kind() && address.match(range, bits)
  })
}

const mappedPrefixBits = 96

function parseRange(text: string): [Address, number] {
  const [address, bits] = text.includes('/')
    ? ipaddr.parseCIDR(text)
    : [ipaddr.parse(text), undefined]
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()) {
    return [address.toIPv4Address(), Math.max(0, (bits ?? 128) - mappedPrefixBits)]
  }
  return [address, bits ?? (address.kind() === 'ipv4' ? 32 : 128)]
}

function parseAddress(text: string | undefined): Address | null {
  const bare = (text ?? '').trim().replace(/%.*$/, '')
  // The library also reads "1" or "0x7f.1" as addresses; four parts or colons only.
  if (!/^(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$/.test(bare)) return null
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : null
}
