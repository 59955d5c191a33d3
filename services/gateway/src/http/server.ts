import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { errorFields, type Logger } from '@callwire/runtime'
import { mapError, type ErrorAnswer } from './map-error.ts'

/** A whole request must have arrived by then: a half-sent body holds memory. */
const requestTimeoutMs = 15_000
/** No honest client needs longer for its headers: ingest's rule, which holds on this port, too. */
const headersTimeoutMs = 5_000
/** How often Node looks for connections past these limits; its own default of 30 s would be the limit itself. */
const timeoutsCheckedEveryMs = 1_000
/** An idle kept-alive connection outlives the usual 60 s of a load balancer in front. */
const keepAliveTimeoutMs = 72_000
/** Longer than any wait inside a route, shorter than a caller's patience. */
const handlerTimeoutMs = 10_000
/** Every body of ours fits many times; routes that need more say so. */
const bodyLimit = 32 * 1024
/** Longer ids and tokens than this exist nowhere in our paths. */
const maxParamLength = 512

/**
 * A bare Fastify whose every answer, also to what the HTTP parser itself refuses, is in the
 * envelope. Upgrades go to `onUpgrade` when `takesUpgrade` says so; an upgrade that is merely
 * offered (`h2c`) is ignored, as RFC 9110 §7.8 allows.
 */
export function createEdgeServer(o: {
  log: Logger
  newRequestId: () => string
  takesUpgrade: (request: IncomingMessage) => boolean
  onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Sockets whose bytes are somebody else's by now: requests parsed from them are not ours. */
  taken: WeakSet<object>
}): FastifyInstance {
  const server = Fastify({
    logger: false,
    bodyLimit,
    handlerTimeout: handlerTimeoutMs,
    requestIdHeader: false,
    genReqId: o.newRequestId,
    routerOptions: { maxParamLength },
    frameworkErrors: (error, request, reply) => {
      void sendError(reply, request.id, mapError(error))
    },
    clientErrorHandler: (error, socket) => refuseUnparsed(error, socket, o.newRequestId()),
    serverFactory: (handler) => {
      const listener: RequestListener = (request, response) => {
        if (!o.taken.has(request.socket)) handler(request, response)
      }
      const http = createServer(
        {
          requestTimeout: requestTimeoutMs,
          headersTimeout: headersTimeoutMs,
          connectionsCheckingInterval: timeoutsCheckedEveryMs,
          keepAliveTimeout: keepAliveTimeoutMs,
          shouldUpgradeCallback: (request) => o.takesUpgrade(request),
        },
        listener,
      )
      http.on('upgrade', (request, socket, head) => o.onUpgrade(request, socket, head))
      return http
    },
  })
  server.setValidatorCompiler(validatorCompiler)
  server.setSerializerCompiler(serializerCompiler)
  server.setErrorHandler(async (error, request, reply) => {
    const answer = mapError(error)
    if (answer.status >= 500) {
      const fields = { requestId: request.id, route: request.routeOptions.url ?? 'none' }
      o.log[answer.status === 503 ? 'warn' : 'error'](
        { ...fields, ...errorFields(error) },
        'request failed',
      )
    }
    await sendError(reply, request.id, answer)
  })
  return server
}

/** Sends the failure envelope. */
export async function sendError(
  reply: FastifyReply,
  requestId: string,
  { status, code, message, details, retryAfterS }: ErrorAnswer,
): Promise<void> {
  if (retryAfterS !== undefined) reply.header('retry-after', String(retryAfterS))
  await reply.code(status).send({
    success: false,
    error: { code, message, requestId, ...(details === undefined ? {} : { details }) },
  })
}

/** What the HTTP parser gives up on never becomes a request; the socket is all there is. */
function refuseUnparsed(error: Error & { code?: string }, socket: Duplex, requestId: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const tooLong = error.code === 'HPE_HEADER_OVERFLOW'
  const status = tooLong ? '431 Request Header Fields Too Large' : '400 Bad Request'
  const body = JSON.stringify({
    success: false,
    error: { code: 'validation_failed', message: 'This is not a readable request.', requestId },
  })
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
