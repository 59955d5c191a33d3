import { WebSocket } from 'ws'
import { takeUserInfo } from '../wire/basic-auth.ts'

/** A handshake that takes longer has failed (Exotel's docs). */
const HANDSHAKE_MS = 10_000

/** Query parameters that configure the stream and are not the customer's own. */
const OWN_PARAMETERS = new Set(['sample-rate', 'sample_rate'])

export type StreamTarget = {
  url: string
  authorization: string | null
  customParameters: Record<string, string>
}

/**
 * A stream URL as the real client treats it: userinfo becomes a Basic header; the query does not reach the handshake
 * (seen on real calls) and comes back as `custom_parameters`.
 */
export function streamTarget(streamUrl: string): StreamTarget {
  const { url, authorization } = takeUserInfo(streamUrl)
  const parsed = new URL(url)
  const customParameters: Record<string, string> = {}
  for (const [name, value] of parsed.searchParams) {
    if (!OWN_PARAMETERS.has(name)) customParameters[name] = value
  }
  parsed.search = ''
  return { url: parsed.toString(), authorization, customParameters }
}

export type Handshake = { kind: 'open'; socket: WebSocket } | { kind: 'failed'; reason: string }

/** One attempt to open the media socket. Never throws; the reason names a status or an error code. */
export function openSocket(target: StreamTarget, signal: AbortSignal): Promise<Handshake> {
  return new Promise((resolve) => {
    const socket = new WebSocket(target.url, {
      handshakeTimeout: HANDSHAKE_MS,
      perMessageDeflate: false,
      maxPayload: 1024 * 1024,
      headers: {
        'user-agent': 'Go-http-client/1.1',
        ...(target.authorization === null ? {} : { authorization: target.authorization }),
      },
    })
    const abort = () => socket.terminate()
    const settle = (result: Handshake) => {
      signal.removeEventListener('abort', abort)
      resolve(result)
    }
    signal.addEventListener('abort', abort)
    socket.once('open', () => settle({ kind: 'open', socket }))
    socket.once('unexpected-response', (request, response) => {
      request.destroy()
      settle({ kind: 'failed', reason: `http_${response.statusCode ?? 0}` })
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      settle({ kind: 'failed', reason: error.code ?? 'handshake' })
    })
  })
}
