import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { edgeUnderTest, type EdgeUnderTest } from './edge-under-test.ts'

export const host = '127.0.0.1'

/** An upgrade as bytes. */
export const upgradeHead = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`

/** Two ends for a splice between them; all of it goes when `opened` does. */
export function bench(opened: AsyncDisposableStack) {
  async function listening(server: Server): Promise<number> {
    server.listen(0, host)
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  /** A WebSocket echo that remembers the heads it got; plain requests go to `plain`. */
  async function upstream(
    plain: (req: IncomingMessage, res: ServerResponse) => void = (_req, res) => res.end('ok'),
  ) {
    const heads: IncomingMessage[] = []
    const server = createServer((req, res) => {
      heads.push(req)
      plain(req, res)
    })
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket, req) => {
      heads.push(req)
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
    })
    const port = await listening(server)
    opened.defer(() => {
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      server.close()
    })
    return { heads, sockets, address: { host, port } }
  }

  /** An upstream on the level of bytes. */
  async function rawUpstream(onSocket: (socket: Socket) => void) {
    const sockets: Socket[] = []
    const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket)
      socket.on('error', () => undefined)
      onSocket(socket)
    })
    const port = await listening(server)
    opened.defer(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return { host, port }
  }

  async function edge(o: Parameters<typeof edgeUnderTest>[0]): Promise<EdgeUnderTest> {
    return opened.use(await edgeUnderTest(o))
  }

  async function openSocket(port: number, path: string, headers: Record<string, string> = {}) {
    const socket = new WebSocket(`ws://${host}:${port}${path}`, { headers })
    opened.defer(() => socket.terminate())
    await once(socket, 'open')
    return socket
  }

  async function rawClient(
    port: number,
    text: string,
  ): Promise<{ socket: Socket; text(): string }> {
    const socket = connect({ host, port, allowHalfOpen: true })
    opened.defer(() => {
      socket.destroy()
    })
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
    })
    socket.write(text)
    return { socket, text: () => received }
  }

  return { upstream, rawUpstream, edge, openSocket, rawClient }
}
