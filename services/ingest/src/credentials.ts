/** What a handshake presents, before anything is looked up. */
export type Presented =
  | { kind: 'path-token'; token: string }
  | { kind: 'basic'; key: string; token: string }
  | { kind: 'bearer'; token: string }
  | { kind: 'none' }
  | { kind: 'malformed' }

/** Longest credentials that are looked at: a JWT of ours has about 300 characters. */
const maxHeaderLength = 4096

/**
 * The token in a media socket's path, null when there is none, or `other` when the path is no
 * media socket's at all. The query is never read: it ends up in logs, and Exotel may strip it.
 */
export function readMediaPath(
  url: string | undefined,
): { kind: 'media'; token: string | null } | { kind: 'other' } {
  const path = (url ?? '').split('?', 1)[0] ?? ''
  const match = /^\/v1\/ingest(?:\/t\/([^/]*))?\/?$/.exec(path)
  return match === null ? { kind: 'other' } : { kind: 'media', token: match[1] ?? null }
}

/** A token in the path goes before a header: it names a call. */
export function readCredentials(
  pathToken: string | null,
  authorization: string | undefined,
): Presented {
  if (pathToken !== null) {
    return /^[A-Za-z0-9_-]{16,256}$/.test(pathToken)
      ? { kind: 'path-token', token: pathToken }
      : { kind: 'malformed' }
  }
  if (authorization === undefined) return { kind: 'none' }
  if (authorization.length > maxHeaderLength) return { kind: 'malformed' }
  const [, scheme, value] = /^([A-Za-z]+) +([\x21-\x7e]+)$/.exec(authorization) ?? []
  switch (scheme?.toLowerCase() ?? '') {
    case 'bearer':
      return { kind: 'bearer', token: value ?? '' }
    case 'basic':
      return readBasic(value ?? '')
    default:
      return { kind: 'malformed' }
  }
}

/** RFC 7617: base64 of `user:password`, the first colon divides. */
function readBasic(value: string): Presented {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return { kind: 'malformed' }
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 1 || colon === text.length - 1) return { kind: 'malformed' }
  return { kind: 'basic', key: text.slice(0, colon), token: text.slice(colon + 1) }
}
