import { once } from 'node:events'
import { WebSocket } from 'ws'

/** Everything that a consumer's socket is told, from now on. */
export async function recordConsumer(o: {
  url: string
  token: string
}): Promise<AsyncDisposable & { subscribe(topic: string): void; frames(): string[] }> {
  const frames: string[] = []
  const socket = new WebSocket(`${o.url}/v1/copilot`, {
    headers: { authorization: `Bearer ${o.token}` },
  })
  socket.on('message', (data: Buffer) => frames.push(data.toString()))
  await once(socket, 'open')
  return {
    subscribe: (topic) => socket.send(JSON.stringify({ type: 'subscribe', topic, after: 0 })),
    frames: () => frames,
    async [Symbol.asyncDispose]() {
      socket.close()
      await once(socket, 'close')
    },
  }
}

/** Tries a media socket's door: what it says when it does not open. */
export async function knockAt(url: string, headers: Record<string, string> = {}): Promise<string> {
  const socket = new WebSocket(url, { headers })
  return new Promise((resolve) => {
    socket.on('open', () => socket.close())
    socket.on('close', (code, reason) => resolve(`closed ${String(code)} ${reason.toString()}`))
    socket.on('error', (error) => resolve(error.message))
  })
}
