import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** How long a refused peer may take to read the answer and close. */
const lingerMs = 2_000

/** Answers a handshake with a plain HTTP status instead of the upgrade, and ends the connection. */
export function refuseUpgrade(socket: Duplex, status: 401 | 404 | 503): void {
  if (socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const reason = STATUS_CODES[status] ?? ''
  const challenge = status === 401 ? 'WWW-Authenticate: Basic realm="ingest"\r\n' : ''
  const retry = status === 503 ? 'Retry-After: 1\r\n' : ''
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\n${challenge}${retry}Connection: close\r\nContent-Length: 0\r\n\r\n`,
  )
}
