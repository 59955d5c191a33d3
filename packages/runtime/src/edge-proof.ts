/**
 * Proves to a service behind the edge that X-Forwarded-For was written by the edge: a peer's
 * address is no proof when both run on one machine.
 */
export const edgeHeader = 'x-callwire-edge'

/** Long enough for a slow handshake and two clocks apart, short enough to be useless when seen. */
const validSeconds = 30

/** The header's value, `t=<unix seconds>,v=<mac>`; `mac` authenticates a text under the edge's key. */
export function edgeProof(
  mac: (message: string) => string,
  forwardedFor: string,
  nowS: number,
): string {
  const t = String(Math.floor(nowS))
  return `t=${t},v=${mac(signedText(t, forwardedFor))}`
}

/** True when `header` was made for exactly this X-Forwarded-For within the last 30 s. */
export function verifyEdgeProof(
  verify: (message: string, token: string) => boolean,
  header: string | undefined,
  forwardedFor: string,
  nowS: number,
): boolean {
  const match = /^t=(\d{1,12}),v=([A-Za-z0-9_-]{16,128})$/.exec(header ?? '')
  const [, t, token] = match ?? []
  if (t === undefined || token === undefined) return false
  if (Math.abs(nowS - Number(t)) > validSeconds) return false
  return verify(signedText(t, forwardedFor), token)
}

function signedText(t: string, forwardedFor: string): string {
  return `${t}\n${forwardedFor}`
}
