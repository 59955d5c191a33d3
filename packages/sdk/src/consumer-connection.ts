import { serverMessageSchema, type ClientMessage, type ServerMessage } from '@callwire/contracts'

/** One socket to `/v1/copilot`, authenticated by its first message. */
export type ConsumerConnection = {
  send(message: ClientMessage): void
  close(): void
  /** Resolves with the close code once the socket is gone. */
  readonly closed: Promise<number>
}

/** Silence longer than two of the server's pings: the socket is dead although nobody said so. */
const LIVENESS_MS = 45_000
/** How often silence is looked for; a ping of ours goes out as often. */
const CHECK_MS = 15_000

/**
 * Opens a socket. Unknown messages are ignored, as the protocol asks.
 *
 * @param url - `ws://` or `wss://` origin of the gateway or of the copilot
 */
export function openConsumer(
  url: string,
  token: string,
  onMessage: (message: ServerMessage) => void,
): ConsumerConnection {
  const socket = new WebSocket(new URL('/v1/copilot', url))
  let heardAt = Date.now()
  const { promise: closed, resolve } = Promise.withResolvers<number>()
  const send = (message: ClientMessage) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
  }
  const watch = setInterval(() => {
    send({ type: 'ping' })
    if (Date.now() - heardAt > LIVENESS_MS) finish(1006)
  }, CHECK_MS)
  const finish = (code: number) => {
    clearInterval(watch)
    socket.close()
    resolve(code)
  }
  socket.addEventListener('open', () => send({ type: 'authenticate', token }))
  socket.addEventListener('error', () => finish(1006))
  socket.addEventListener('close', (event) => finish(event.code))
  socket.addEventListener('message', (event) => {
    heardAt = Date.now()
    const message = parse(event.data)
    if (message !== null) onMessage(message)
  })
  return { send, close: () => finish(1000), closed }
}

function parse(data: unknown): ServerMessage | null {
  if (typeof data !== 'string') return null
  try {
    const result = serverMessageSchema.safeParse(JSON.parse(data))
    return result.success ? (result.data as ServerMessage) : null
  } catch {
    return null
  }
}
