import { WebSocketServer } from 'ws'
import type { FastifyInstance } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { errorFields, type Logger } from '@callwire/runtime'
import { bearerOf, type Consumer, type Identify } from './identify.ts'
import { openConnection, type ConnectionDeps } from './socket/connection.ts'
import type { Registry } from './socket/registry.ts'

const PATH = '/v1/copilot'
/** Consumers say short things. */
const MAX_MESSAGE_BYTES = 64 * 1024
/** Consumers' frames come whole; a thousand crumbs are an attack. */
const MAX_FRAGMENTS = 64
/** What a draining process asks its consumers to wait, so that they do not all come back at once. */
const RECONNECT_SPREAD_MS = 1_000

export type SocketServer = {
  /** Tells everyone to come back elsewhere, and takes nobody new. */
  drain(): Promise<void>
}

type Options = Omit<ConnectionDeps, 'admit'> & {
  registry: Registry
  /** Exact origins browsers may come from; whoever sends none is no browser. */
  allowedOrigins: readonly string[]
  randomFraction: () => number
  log: Logger
}

/** Takes upgrades on `/v1/copilot` of the given server. */
export function attachSocketServer(app: FastifyInstance, options: Options): SocketServer {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    maxFragments: MAX_FRAGMENTS,
    perMessageDeflate: false,
  })
  let draining = false
  const deps: ConnectionDeps = {
    ...options,
    admit: (connection, who) => options.registry.admit(connection, who),
  }

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (pathOf(request) !== PATH) {
      refuse(socket, 404, 'not_found', 'No socket here')
      return
    }
    if (draining) {
      refuse(socket, 503, 'unavailable', 'Restarting; come back in a moment')
      return
    }
    const { origin } = request.headers
    if (origin !== undefined && !options.allowedOrigins.includes(origin)) {
      refuse(socket, 403, 'forbidden', 'This origin is not allowed')
      return
    }
    const early = await earlyConsumer(options.identify, request)
    if (early === 'refused') {
      refuse(socket, 401, 'unauthenticated', 'The token is not accepted')
      return
    }
    if (socket.destroyed) return
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      openConnection(deps, accepted, early)
    })
  }

  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    upgrade(request, socket, head).catch((error: unknown) => {
      options.log.warn(errorFields(error), 'upgrade failed')
      refuse(socket, 503, 'unavailable', 'Try again in a moment')
    })
  })

  return {
    async drain() {
      draining = true
      const open = options.registry.all()
      for (const connection of open) {
        connection.drain(Math.floor(options.randomFraction() * RECONNECT_SPREAD_MS))
      }
      await Promise.allSettled(open.map((connection) => connection.closed))
      sockets.close()
    },
  }
}

async function earlyConsumer(
  identify: Identify,
  request: IncomingMessage,
): Promise<Consumer | null | 'refused'> {
  const { authorization } = request.headers
  if (authorization === undefined) return null
  const token = bearerOf(authorization)
  return (token === null ? null : await identify(token)) ?? 'refused'
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? ''
}

function refuse(socket: Duplex, status: number, code: string, message: string): void {
  const body = JSON.stringify({ success: false, error: { code, message, requestId: 'upgrade' } })
  socket.end(
    `HTTP/1.1 ${String(status)} Refused\r\ncontent-type: application/json\r\n` +
      `content-length: ${String(Buffer.byteLength(body))}\r\nconnection: close\r\n\r\n${body}`,
  )
}
