import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** What refuses now may be over in a second: a flood is judged, a successor listens. */
export const RETRY_AFTER_S = 1
/** How long a refused peer may take to read the answer and close. */
const lingerMs = 2_000

export type RefusedStatus = 401 | 404 | 429 | 503

/** Answers a handshake with a plain HTTP status instead of the upgrade, and ends the connection. */
export function refuseUpgrade(socket: Duplex, status: RefusedStatus): void {
  if (socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const reason = STATUS_CODES[status] ?? ''
  const challenge = status === 401 ? 'WWW-Authenticate: Basic realm="ingest"\r\n' : ''
  const retry = status === 429 || status === 503 ? `Retry-After: ${RETRY_AFTER_S}\r\n` : ''
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\n${challenge}${retry}Connection: close\r\nContent-Length: 0\r\n\r\n`,
  )
}
