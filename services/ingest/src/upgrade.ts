import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { sampleRateOfUrl, type MediaDefaults } from '@callwire/exotel'
import { errorFields, type Logger } from '@callwire/runtime'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Admission } from './admission.ts'
import { createJudge, type HandshakeDeps, type Verdict } from './judge-handshake.ts'
import type { IngestMetrics } from './metrics.ts'
import { refuseUpgrade } from './refuse-upgrade.ts'

/** A frame of Exotel's is under 10 KiB; ten times the largest chunk it documents fits. */
const MAX_MESSAGE_BYTES = 256 * 1024
/** Exotel does not fragment; a flood of one-byte fragments costs more memory than its bytes. */
const MAX_FRAGMENTS = 64
/** Pieces of one frame as they come off the wire: 256 KiB in segments of a small MTU, and room. */
const MAX_BUFFERED_CHUNKS = 1024

export type UpgradeDeps = HandshakeDeps & {
  log: Logger
  metrics: IngestMetrics
  /** Takes the open socket; must attach its handlers before it returns. */
  onSocket: (
    socket: WebSocket,
    admitted: { admission: Admission; defaults: MediaDefaults; release: () => void },
  ) => void
}

/** Whether a request that offers an upgrade is a handshake of ours. */
export function isWebSocketUpgrade(request: Pick<IncomingMessage, 'headers'>): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket'
}

/**
 * The handler of a server's `upgrade`: authenticates first and completes the handshake after, so
 * a refused peer gets its HTTP status and nothing that came behind the handshake is lost: until
 * then it stays in the connection's own bounded buffer.
 */
export function createUpgradeHandler(
  deps: UpgradeDeps,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const judge = createJudge(deps)
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    // Each pong goes into a buffer that its peer may never read: the session decides.
    autoPong: false,
    maxPayload: MAX_MESSAGE_BYTES,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_BUFFERED_CHUNKS,
    // Echoing an offered protocol would be a promise; there is none.
    handleProtocols: () => false,
  })

  return (request, socket, head) => {
    const onError = () => socket.destroy()
    socket.on('error', onError)
    judge(request)
      .catch((error: unknown): Verdict => {
        deps.log.warn(errorFields(error), 'handshake could not be judged')
        return { kind: 503 }
      })
      .then((verdict) => {
        if (verdict.kind !== 'admit') {
          deps.metrics.refused.inc({ status: String(verdict.kind) })
          deps.log.debug({ httpStatus: verdict.kind }, 'media socket refused')
          refuseUpgrade(socket, verdict.kind)
          return
        }
        // Whatever becomes of the handshake, its place is free when its connection is gone.
        socket.once('close', verdict.release)
        if (socket.destroyed) {
          verdict.release()
          return
        }
        server.handleUpgrade(request, socket, head, (websocket) => {
          socket.off('error', onError)
          const defaults = { sampleRate: sampleRateOfUrl(request.url) }
          deps.onSocket(websocket, { ...verdict, defaults })
        })
      })
      .catch((error: unknown) => {
        deps.log.error(errorFields(error), 'media socket could not be opened')
        socket.destroy()
      })
  }
}
