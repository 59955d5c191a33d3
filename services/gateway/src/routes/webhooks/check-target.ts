import ipaddr from 'ipaddr.js'
import { invalidField } from '../../http/api-error.ts'

const defaultPorts: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' }

/** Names that mean this machine, or this network (RFC 6761, RFC 6762, RFC 8375, ICANN 2024). */
const privateNames = /(^|\.)(localhost|local|internal|home\.arpa|lan|localdomain)\.?$/

/**
 * The address as it is stored, when messages may go there: over TLS, to a host that can be on the
 * public internet. What a name resolves to is checked when something is sent, each time anew: this
 * is for the person who registers it, who learns at once.
 *
 * @param url - passed `webhookUrlSchema`
 * @param allowed - `host:port`, which the operator named: they may be private and without TLS
 */
export function checkTarget(url: string, allowed: readonly string[]): string {
  const { protocol, hostname, port, href } = new URL(url)
  if (allowed.includes(`${hostname}:${port === '' ? (defaultPorts[protocol] ?? '') : port}`)) {
    return href
  }
  if (protocol !== 'https:') {
    throw refused('must begin with https://: messages cross the internet')
  }
  if (!canBePublic(hostname)) {
    throw refused(
      'must lead to a host on the public internet; an operator may allow others with WEBHOOK_ALLOWED_HOSTS',
    )
  }
  return href
}

/** @param host - as URLs spell it: addresses in their canonical form, IPv6 in brackets */
function canBePublic(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  if (ipaddr.isValid(bare)) return ipaddr.process(bare).range() === 'unicast'
  return bare.replace(/\.$/, '').includes('.') && !privateNames.test(bare)
}

function refused(sentence: string): Error {
  return invalidField('body.url', sentence)
}
