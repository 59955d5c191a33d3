import { createServer, type Socket } from 'node:net'

/** What the stand-in does once a request has arrived whole. */
export type Answer = (socket: Socket, request: string) => void

export type StandIn = AsyncDisposable & {
  host: string
  /** Everything received so far, one text per connection, connections without a byte included. */
  received: string[]
  /** How many connections are open, by what this side knows. */
  open: () => number
  /** Takes over at the first byte of a connection, before any request is whole. */
  atFirstByte: ((socket: Socket) => void) | null
}

/** A raw TCP server in Exotel's place on a free port of 127.0.0.1: it sees every byte. */
export async function standIn(answer: Answer): Promise<StandIn> {
  const received: string[] = []
  const sockets = new Set<Socket>()
  const state: Pick<StandIn, 'atFirstByte'> = { atFirstByte: null }
  const server = createServer((socket) => {
    const index = received.push('') - 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      const text = (received[index] ?? '') + chunk.toString('latin1')
      received[index] = text
      if (state.atFirstByte !== null) state.atFirstByte(socket)
      else if (isWhole(text)) answer(socket, text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return Object.assign(state, {
    host: `127.0.0.1:${port}`,
    received,
    open: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  })
}

function isWhole(text: string): boolean {
  const [head = '', body] = text.split('\r\n\r\n')
  if (body === undefined) return false
  return body.length >= Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
}

/** An answer with a status, a body and further header lines. */
export function reply(status: number, body: unknown = '', ...headers: string[]): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const head = [
    `HTTP/1.1 ${status} X`,
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
    ...headers,
  ]
  return (socket) => socket.end(`${head.join('\r\n')}\r\n\r\n${text}`)
}
