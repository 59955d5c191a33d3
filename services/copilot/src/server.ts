import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { statusOf, type ErrorCode } from '@callwire/contracts'
import { errorFields, type Logger } from '@callwire/runtime'
import type { FastifyInstance } from 'fastify'
import { WebSocketServer } from 'ws'
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
  /** Tells everyone to come back elsewhere, and waits for them to go. */
  drain(): Promise<void>
}

type Options = ConnectionDeps & {
  registry: Registry
  /** Exact origins browsers may come from; whoever sends none is no browser. */
  allowedOrigins: readonly string[]
  randomFraction: () => number
  /** Whether nobody new is taken. */
  isDraining: () => boolean
  log: Logger
}

/** Takes upgrades on `/v1/copilot` of the given server. */
export function attachSocketServer(app: FastifyInstance, options: Options): SocketServer {
  const { registry, limits, clock } = options
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    maxFragments: MAX_FRAGMENTS,
    perMessageDeflate: false,
  })

  const reasonToRefuse = (request: IncomingMessage): ErrorCode | null => {
    const { origin } = request.headers
    if (pathOf(request) !== PATH) return 'not_found'
    if (options.isDraining()) return 'unavailable'
    if (origin !== undefined && !options.allowedOrigins.includes(origin)) return 'forbidden'
    const { known, all } = registry.count()
    return all - known >= limits.maxAnonymous ? 'unavailable' : null
  }

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const early = await earlyConsumer(options.identify, request)
    // Asked after the wait: the process may have begun to drain in it.
    const refusal = reasonToRefuse(request) ?? (early === 'refused' ? 'unauthenticated' : null)
    if (refusal !== null) {
      refuse(socket, refusal)
      return
    }
    if (socket.destroyed || early === 'refused') return
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      openConnection(options, accepted, early)
    })
  }

  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const refusal = reasonToRefuse(request)
    if (refusal !== null) {
      refuse(socket, refusal)
      return
    }
    upgrade(request, socket, head).catch((error: unknown) => {
      options.log.warn(errorFields(error), 'upgrade failed')
      refuse(socket, 'unavailable')
    })
  })

  return {
    async drain() {
      const open = registry.all()
      for (const member of open) {
        member.drain(Math.floor(options.randomFraction() * RECONNECT_SPREAD_MS))
      }
      const late = new AbortController()
      const gone = Promise.all(open.map((member) => member.closed))
      await Promise.race([gone, clock.sleep(limits.drainMs, late.signal).catch(() => undefined)])
      late.abort()
      for (const member of registry.all()) member.destroy()
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

const sentences: Partial<Record<ErrorCode, string>> = {
  not_found: 'No socket here',
  unavailable: 'Try again in a moment',
  forbidden: 'This origin is not allowed',
  unauthenticated: 'The token is not accepted',
}

function refuse(socket: Duplex, code: ErrorCode): void {
  const status = statusOf(code)
  const error = { code, message: sentences[code] ?? '', requestId: 'upgrade' }
  const body = JSON.stringify({ success: false, error })
  // A peer that keeps its half of the connection open is not waited for.
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\n` +
      `content-type: application/json\r\ncontent-length: ${String(Buffer.byteLength(body))}\r\n` +
      `connection: close\r\n\r\n${body}`,
  )
}
