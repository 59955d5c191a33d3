import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export type Received = {
  method: string
  path: string
  headers: Record<string, string>
  body: string
  atMs: number
}

/** How the receiver treats the next messages; the last of a list goes on. */
export type Behaviour = (request: Received, response: ServerResponse, socket: Socket) => void

export type Receiver = AsyncDisposable & {
  readonly port: number
  /** `host:port`, as the operator's list names it. */
  readonly host: string
  readonly url: string
  /** Every message that arrived whole, in order. */
  readonly received: Received[]
  /** Connections that were made. */
  connections(): number
  behave(behaviour: Behaviour): void
}

export const answer =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (_request, response) => {
    response.writeHead(status, headers).end('{}')
  }

/** A tenant's own system: takes messages on loopback and treats them as it is told. */
export async function receiver(o: { host?: string } = {}): Promise<Receiver> {
  const host = o.host ?? '127.0.0.1'
  const received: Received[] = []
  let connections = 0
  let behave: Behaviour = answer(204)
  const server = createServer((request, response) => {
    void take(request, response)
  })
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    )
    const body = Buffer.concat(chunks).toString('utf8')
    const { method = '', url: path = '' } = request
    const message = { method, path, headers, body, atMs: Date.now() }
    received.push(message)
    behave(message, response, request.socket)
  }
  server.on('connection', () => {
    connections += 1
  })
  const port = await listen(server, host)
  return {
    port,
    host: `${host}:${port}`,
    url: `http://${host}:${port}/hook`,
    received,
    connections: () => connections,
    behave: (next) => {
      behave = next
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

async function listen(server: Server, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, resolve)
  })
  return (server.address() as AddressInfo).port
}
