/** `Authorization: Basic …` → its two halves, null when the header is something else. */
export function parseBasic(header: string | undefined): { user: string; password: string } | null {
  const match = /^basic ([a-z0-9+/=_-]+)$/i.exec(header ?? '')
  if (!match) return null
  const text = Buffer.from(match[1] ?? '', 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** A URL with credentials in its userinfo → the URL without them and the header they become. */
export function takeUserInfo(url: string): { url: string; authorization: string | null } {
  const parsed = new URL(url)
  if (parsed.username === '' && parsed.password === '') return { url, authorization: null }
  const pair = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`
  parsed.username = ''
  parsed.password = ''
  return {
    url: parsed.toString(),
    authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
  }
}
