import { BlockList, isIP, SocketAddress } from 'node:net'

/** Addresses and CIDR ranges of a setting, read once. */
export type AddressRanges = {
  /** Whether an address lies in one of them, IPv4-mapped or not; what is no address lies in none. */
  has(address: string | null): boolean
  readonly isEmpty: boolean
}

const MAPPED_PREFIX = '::ffff:'
const MAPPED_PREFIX_BITS = 96

/**
 * Reads an address as text: IPv4 in four decimal parts or IPv6, alone or with a port behind it
 * (`192.0.2.1:443`, `[2001:db8::1]:443`), as some proxies write it. Gives it in its one spelling,
 * without port, zone and IPv4 mapping; null for anything else, so that nothing is guessed.
 */
export function readAddress(text: string | undefined): string | null {
  const trimmed = (text ?? '').trim()
  const [, bracketed] = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(trimmed) ?? []
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? plain(bracketed) : null
  const [, v4] = /^([\d.]+):\d{1,5}$/.exec(trimmed) ?? []
  return plain(v4 ?? trimmed)
}

function plain(text: string): string | null {
  const bare = text.replace(/%.*$/, '')
  const version = isIP(bare)
  if (version !== 6) return version === 4 ? bare : null
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' })
  const v4 = address.startsWith(MAPPED_PREFIX) ? address.slice(MAPPED_PREFIX.length) : ''
  return isIP(v4) === 4 ? v4 : address
}

/** @param texts - addresses or CIDR ranges, already checked by the configuration */
export function addressRanges(texts: readonly string[]): AddressRanges {
  // Apart, because one list would take an IPv4 address for the IPv6 one it can be mapped to.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const text of texts) {
    const [written = '', prefix] = text.split('/')
    const address = plain(written)
    if (address === null) continue
    const family = familyOf(address)
    const isMapped = family === 'ipv4' && written.includes(':')
    const longest = family === 'ipv4' ? 32 : 128
    const bits =
      prefix === undefined ? longest : Number(prefix) - (isMapped ? MAPPED_PREFIX_BITS : 0)
    lists[family].addSubnet(address, Math.max(0, bits), family)
  }
  return {
    isEmpty: texts.length === 0,
    has: (address) => {
      const read = address === null ? null : plain(address)
      return read !== null && lists[familyOf(read)].check(read, familyOf(read))
    },
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}

/**
 * The client behind a connection, or null when it cannot be known: the peer itself, unless that is
 * a trusted proxy; then the nearest address of X-Forwarded-For, read from the right, that is none.
 * An entry that is no address makes the client unknown: it is not the proxy that wrote it.
 */
export function peerAddress(o: {
  remoteAddress: string | undefined
  forwardedFor: string | undefined
  trusted: AddressRanges
}): string | null {
  const remote = readAddress(o.remoteAddress)
  if (remote === null || o.forwardedFor === undefined) return remote
  let believed = remote
  for (const entry of o.forwardedFor.split(',').reverse()) {
    if (!o.trusted.has(believed)) break
    const next = readAddress(entry)
    if (next === null) return null
    believed = next
  }
  return believed
}
