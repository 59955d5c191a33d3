/** Addresses under which the outside world reaches this install. */
export type PublicUrls = {
  /** The media socket, with a phone's credentials in it when given. */
  ingest(credentials?: { key: string; token: string }): string
  resolve(phoneToken: string): string
  passthru(phoneToken: string): string
}

/** @param publicUrl - the gateway's origin as others see it, with an optional path prefix */
export function createPublicUrls(publicUrl: string): PublicUrls {
  const base = new URL(publicUrl)
  const prefix = base.pathname.replace(/\/+$/, '')
  const at = (path: string) => `${base.origin}${prefix}${path}`
  return {
    ingest: (credentials) => {
      const login = credentials === undefined ? '' : `${credentials.key}:${credentials.token}@`
      const scheme = base.protocol === 'https:' ? 'wss' : 'ws'
      return `${scheme}://${login}${base.host}${prefix}/v1/ingest`
    },
    resolve: (phoneToken) => at(`/v1/ingest/resolve/${phoneToken}`),
    passthru: (phoneToken) => at(`/api/v1/exotel/webhook/passthru/${phoneToken}`),
  }
}
