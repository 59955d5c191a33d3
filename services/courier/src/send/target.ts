import { isIP } from 'node:net'

/** Where a message goes, and whether every address on the way there is to be checked. */
export type Target = {
  /** Scheme, host and port, as a connection needs them. */
  readonly origin: string
  readonly path: string
  /** The host when it is an address itself, without brackets: nobody resolves it. */
  readonly literal: string | null
  /** False for hosts that the operator named: they may be private. */
  readonly guarded: boolean
}

const ports: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

/**
 * Reads an endpoint's URL; null when nothing may be sent there. The gateway refuses such a URL when
 * it is registered; this holds for rows from whatever source, and after the operator took a host
 * from the list.
 *
 * @param allowedHosts - `host:port` in lower case, past the guard and also over plain HTTP
 */
export function targetOf(text: string, allowedHosts: readonly string[]): Target | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  const defaultPort = ports[url.protocol]
  if (defaultPort === undefined || url.hostname === '') return null
  if (url.username !== '' || url.password !== '') return null
  const port = url.port === '' ? defaultPort : url.port
  const allowed = allowedHosts.includes(`${url.hostname}:${port}`)
  if (url.protocol === 'http:' && !allowed) return null
  const bare = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    literal: isIP(bare) === 0 ? null : bare,
    guarded: !allowed,
  }
}
