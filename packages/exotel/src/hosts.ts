import { ExotelError } from './exotel-error.ts'

/** Exotel's newer API (call details v3) lives on a host of its own per cluster (Exotel's docs). */
const twins: Readonly<Record<string, string>> = {
  'api.exotel.com': 'ccm-api.exotel.com',
  'api.in.exotel.com': 'ccm-api.in.exotel.com',
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]):\d{1,5}$/

export type ExotelHosts = {
  /** Compared as an exact string: nothing is parsed, so nothing can be confused. */
  isAllowed(host: string): boolean
  /** The host of the newer API; a host without a known twin serves both itself. */
  ccmTwin(host: string): string
}

export function exotelHosts(allowed: readonly string[]): ExotelHosts {
  const known = new Set(allowed)
  return {
    isAllowed: (host) => known.has(host),
    ccmTwin: (host) => (Object.hasOwn(twins, host) ? twins[host] : undefined) ?? host,
  }
}

/** Credentials travel over TLS; plain HTTP only to this very machine and only when asked for. */
export function originOf(host: string, o: { allowHttp: boolean }): string {
  return o.allowHttp && loopback.test(host) ? `http://${host}` : `https://${host}`
}

/** @throws ExotelError `host_not_allowed`, without quoting the host */
export function requireAllowed(hosts: ExotelHosts, host: string): void {
  if (!hosts.isAllowed(host)) {
    throw new ExotelError('host_not_allowed', 'The host is not in EXOTEL_ALLOWED_HOSTS.')
  }
}
