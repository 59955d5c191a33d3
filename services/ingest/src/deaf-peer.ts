import type { WebSocket } from 'ws'

/** We say nothing but pings, pongs and a close: who leaves so much of it unread is not listening. */
const MAX_UNREAD_BYTES = 256 * 1024

/** True when the peer has left so much unread that the connection was taken away. */
export function cutIfDeaf(socket: Pick<WebSocket, 'bufferedAmount' | 'terminate'>): boolean {
  if (socket.bufferedAmount <= MAX_UNREAD_BYTES) return false
  socket.terminate()
  return true
}
