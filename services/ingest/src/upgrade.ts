import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { edgeHeader, errorFields, verifyEdgeProof, type Logger } from '@callwire/runtime'
import { verifyMacToken } from '@callwire/crypto'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Admission } from './admission.ts'
import { authenticate, type AuthenticateDeps } from './authenticate.ts'
import type { IngestContext } from './context.ts'
import { readCredentials, readMediaPath } from './credentials.ts'
import type { IngestMetrics } from './metrics.ts'
import { isInRanges, peerAddress } from './peer-address.ts'
import { refuseUpgrade } from './refuse-upgrade.ts'

/** A frame of Exotel's is under 10 KiB; ten times the largest chunk it documents fits. */
const MAX_MESSAGE_BYTES = 256 * 1024
/** Exotel does not fragment; a flood of one-byte fragments costs more memory than its bytes. */
const MAX_FRAGMENTS = 64
/** Pieces of one frame as they come off the wire: 256 KiB in segments of a small MTU, and room. */
const MAX_BUFFERED_CHUNKS = 1024
/** Half of what Exotel waits for a handshake, so that its one retry finds us well. */
const AUTHENTICATE_WITHIN_MS = 5_000
/** Handshakes in the making; each holds a connection and asks the database. */
const MAX_HANDSHAKES = 512

export type UpgradeDeps = AuthenticateDeps &
  Pick<IngestContext, 'edgeRing' | 'clock'> & {
    log: Logger
    metrics: IngestMetrics
    allowedIps: readonly string[]
    trustedProxies: readonly string[]
    isDraining: () => boolean
    /** Takes the open socket; must attach its handlers before it returns. */
    onSocket: (socket: WebSocket, admission: Admission) => void
  }

/**
 * The handler of a server's `upgrade`: authenticates first and completes the handshake after, so
 * a refused peer gets its HTTP status and nothing that came behind the handshake is lost: until
 * then it stays in the connection's own bounded buffer.
 */
export function createUpgradeHandler(
  deps: UpgradeDeps,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_BUFFERED_CHUNKS,
    // Echoing an offered protocol would be a promise; there is none.
    handleProtocols: () => false,
  })
  let handshakes = 0

  const admit = async (request: IncomingMessage): Promise<Admission | 401 | 404 | 503> => {
    const path = readMediaPath(request.url)
    if (path.kind === 'other') return 404
    if (deps.isDraining() || handshakes > MAX_HANDSHAKES) return 503
    const address = addressOf(deps, request)
    const isListed = isInRanges(address, deps.allowedIps)
    if (deps.allowedIps.length > 0 && !isListed) return 401
    const presented = readCredentials(path.token, request.headers.authorization)
    const admitsByAddress = deps.admitsByAddress && isListed
    const admission = await within(deps, authenticate({ ...deps, admitsByAddress }, presented))
    if (admission === 'late' || deps.isDraining()) return 503
    return admission ?? 401
  }

  return (request, socket, head) => {
    const onError = () => socket.destroy()
    socket.on('error', onError)
    handshakes += 1
    admit(request)
      .catch((error: unknown) => {
        deps.log.warn(errorFields(error), 'handshake could not be judged')
        return 503 as const
      })
      .then((verdict) => {
        if (typeof verdict === 'number') {
          deps.metrics.refused.inc({ status: String(verdict) })
          deps.log.debug({ httpStatus: verdict }, 'media socket refused')
          refuseUpgrade(socket, verdict)
          return
        }
        if (socket.destroyed) return
        server.handleUpgrade(request, socket, head, (websocket) => {
          socket.off('error', onError)
          deps.onSocket(websocket, verdict)
        })
      })
      .catch((error: unknown) => {
        deps.log.error(errorFields(error), 'media socket could not be opened')
        socket.destroy()
      })
      .finally(() => {
        handshakes -= 1
      })
  }
}

function addressOf(deps: UpgradeDeps, request: IncomingMessage): string | null {
  return peerAddress({
    remoteAddress: request.socket.remoteAddress,
    forwardedFor: headerOf(request, 'x-forwarded-for'),
    edgeProof: headerOf(request, edgeHeader),
    isEdge: (proof, forwardedFor) =>
      verifyEdgeProof(
        (message, token) => verifyMacToken(deps.edgeRing, 'edge', message, token),
        proof,
        forwardedFor,
        deps.clock.now() / 1000,
      ),
    trustedProxies: deps.trustedProxies,
  })
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

async function within<T>({ clock }: UpgradeDeps, work: Promise<T>): Promise<T | 'late'> {
  const answered = new AbortController()
  const late = clock.sleep(AUTHENTICATE_WITHIN_MS, answered.signal).then(
    () => 'late' as const,
    () => 'late' as const,
  )
  try {
    return await Promise.race([work, late])
  } finally {
    answered.abort()
  }
}
