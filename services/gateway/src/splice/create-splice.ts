import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { statusOf, type ErrorCode } from '@callwire/contracts'
import {
  edgeHeader,
  edgeProof,
  errorFields,
  type AddressRanges,
  type Clock,
  type Gauge,
  type Logger,
} from '@callwire/runtime'
import { clientAddress } from '../http/client-address.ts'
import { chunked } from './chunked.ts'
import { connectUpstream } from './connect-upstream.ts'
import { joinSockets } from './join-sockets.ts'
import { requestHead, upstreamOf, type Upstream } from './request-head.ts'

export type Address = { host: string; port: number }

export type Splice = {
  /** Takes over a socket whose request asks for an upgrade. `head` is what came after the head. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Takes over a plain request, before its body was read, and the socket it came on. */
  plain(request: IncomingMessage): void
  /** How many are joined right now. */
  live(): number
  /** Waits for the live ones to end by themselves, `graceMs` at most; destroys the rest. */
  drain(graceMs: number): Promise<void>
}

/** Seconds a client waits before it tries again when a service restarts. */
const retryAfterS = 1

/**
 * Joins clients with the services behind the edge on the level of bytes: the request's head is
 * written anew, everything after it passes untouched in both directions.
 */
export function createSplice(o: {
  upstreams: Record<Upstream, Address>
  trusted: AddressRanges
  /** Authenticates a text under the edge's key. */
  mac(text: string): string
  clock: Clock
  log: Logger
  gauge: Gauge<'upstream'>
  newRequestId(): string
}): Splice {
  const live = new Set<Duplex>()
  const ended = new Set<() => void>()
  let draining = false

  const refuseForNow = (socket: Duplex) => {
    const message = 'The service is restarting; try again shortly.'
    refuse(socket, 'unavailable', message, o.newRequestId())
  }

  const open = async (
    request: IncomingMessage,
    socket: Duplex,
    upgrade: boolean,
    head?: Buffer,
  ) => {
    // A socket that dies while we connect must not bring the process down.
    socket.on('error', () => undefined)
    const name = upstreamOf(request.url ?? '')
    if (draining) {
      refuseForNow(socket)
      return
    }
    if (name === null) {
      refuse(socket, 'not_found', 'No such route.', o.newRequestId())
      return
    }
    const upstream = await connectUpstream(o.upstreams[name])
    if (upstream === null) {
      o.log.warn({ upstream: name }, 'upstream away')
      refuseForNow(socket)
      return
    }
    if (socket.destroyed) {
      upstream.destroy()
      return
    }
    upstream.write(headFor(request, upgrade))
    if (head !== undefined && head.length > 0) upstream.write(head)
    live.add(socket)
    o.gauge.inc({ upstream: name })
    await joinSockets(socket, upstream, {
      body: upgrade ? null : bodyOf(request),
      unanswered: () => {
        o.log.warn({ upstream: name }, 'upstream left a request unanswered')
        refuseForNow(socket)
      },
    })
    live.delete(socket)
    o.gauge.dec({ upstream: name })
    if (live.size === 0) for (const resolve of ended) resolve()
  }

  const headFor = (request: IncomingMessage, upgrade: boolean) => {
    // An unknown client is passed on as that: the proof must not vouch for whoever stands between.
    const forwardedFor = clientAddress(request, o.trusted)
    return requestHead({
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      httpVersion: request.httpVersion,
      rawHeaders: request.rawHeaders,
      upgrade,
      forwardedFor,
      edgeHeader,
      edgeProof: edgeProof((text) => o.mac(text), forwardedFor, o.clock.now() / 1000),
    })
  }

  const start = (request: IncomingMessage, socket: Duplex, upgrade: boolean, head?: Buffer) => {
    open(request, socket, upgrade, head).catch((error: unknown) => {
      o.log.error(errorFields(error), 'splice failed')
      socket.destroy()
    })
  }

  return {
    upgrade: (request, socket, head) => start(request, socket, true, head),
    plain: (request) => start(request, request.socket, false),
    live: () => live.size,
    drain: async (graceMs) => {
      draining = true
      if (live.size === 0) return
      const { promise, resolve } = Promise.withResolvers<undefined>()
      const done = () => resolve(undefined)
      ended.add(done)
      const timer = setTimeout(done, graceMs)
      await promise
      clearTimeout(timer)
      ended.delete(done)
      for (const socket of live) socket.destroy()
    },
  }
}

/** A request's body as it goes on the wire: Node's parser has taken the chunk framing off. */
function bodyOf(request: IncomingMessage): Readable {
  const isChunked = request.headers['transfer-encoding'] !== undefined
  return isChunked ? request.pipe(chunked()) : request
}

/** Answers on a bare socket in the envelope every route uses, and ends it. */
export function refuse(socket: Duplex, code: ErrorCode, message: string, requestId: string): void {
  const body = JSON.stringify({ success: false, error: { code, message, requestId } })
  const status = statusOf(code)
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Cache-Control: no-store',
      ...(code === 'unavailable' ? [`Retry-After: ${retryAfterS}`] : []),
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}
