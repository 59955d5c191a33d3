import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Where the whole internet may be reached over IPv6 (IANA's global unicast space). */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
/** Its well-known NAT64 prefix carries an IPv4 address in the last four bytes (RFC 6052). */
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')
/** 6to4 carries one in bytes 2 to 5 (RFC 3056). */
const sixToFour = ipaddr.IPv6.parseCIDR('2002::/16')

/**
 * Whether a stranger's host at this address may be spoken to: addresses of the public internet
 * alone. What carries an IPv4 address inside is judged by that one, since a gateway on the way
 * would lead there. Whatever is no address is refused.
 */
export function isPublicAddress(text: string): boolean {
  // A zone names an interface of ours; and the library reads many ways of writing an IPv4 address
  // that a resolver never gives.
  if (text.includes('%')) return false
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return false
  return isPublic(ipaddr.process(text))
}

function isPublic(address: Address): boolean {
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast'
  const bytes = address.toByteArray()
  if (address.match(nat64)) return isPublic(new ipaddr.IPv4(bytes.slice(12, 16)))
  if (address.match(sixToFour)) return isPublic(new ipaddr.IPv4(bytes.slice(2, 6)))
  return address.match(globalUnicast) && address.range() === 'unicast'
}
