/** Headers that only the edge may write: what a client sends under these names is dropped. */
const ownedByEdge = new Set([
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'forwarded',
  'x-callwire-edge',
])

/** Headers about one connection, which for a plain request is replaced by one that ends with it. */
const ofConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'upgrade',
  'http2-settings',
  // Node has answered it already.
  'expect',
])

/**
 * The head of a request as the upstream gets it: request line and headers in the client's order
 * and spelling, except those that are the edge's to write.
 *
 * @param rawHeaders - names and values in turn, as Node's parser hands them out (RFC 9110 field
 *   values, so free of line breaks)
 * @param upgrade - an upgrade keeps its `Connection` and `Upgrade`; a plain request gets
 *   `Connection: close`, because the bytes after its answer belong to nobody
 */
export function requestHead(o: {
  method: string
  url: string
  httpVersion: string
  rawHeaders: readonly string[]
  upgrade: boolean
  forwardedFor: string
  edgeHeader: string
  edgeProof: string
}): Buffer {
  const lines = [`${o.method} ${o.url} HTTP/${o.httpVersion}`]
  for (let i = 0; i + 1 < o.rawHeaders.length; i += 2) {
    const name = o.rawHeaders[i] ?? ''
    const lower = name.toLowerCase()
    if (ownedByEdge.has(lower)) continue
    if (!o.upgrade && ofConnection.has(lower)) continue
    lines.push(`${name}: ${o.rawHeaders[i + 1] ?? ''}`)
  }
  lines.push(`X-Forwarded-For: ${o.forwardedFor}`, `${o.edgeHeader}: ${o.edgeProof}`)
  if (!o.upgrade) lines.push('Connection: close')
  // Node reads header bytes as latin1, so writing them so gives back the very bytes.
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

export type Upstream = 'ingest' | 'copilot'

/** Which service a request target belongs to, or null when the gateway answers it itself. */
export function upstreamOf(url: string): Upstream | null {
  const match = /^\/v1\/(ingest|copilot)(?=[/?#]|$)/.exec(url)
  return match === null ? null : (match[1] as Upstream)
}
