import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { errorFields } from './error-fields.ts'
import type { Logger } from './logger.ts'
import { systemRandom, type Random } from './random.ts'

/** A whole request must have arrived by then: a half-sent body holds memory. */
const requestTimeoutMs = 15_000
/** An idle kept-alive connection outlives the usual 60 s of a load balancer in front. */
const keepAliveTimeoutMs = 72_000
const defaultBodyLimit = 32 * 1024

/**
 * A bare Fastify with explicit limits. It logs one line per answer with the route's pattern
 * (never the URL, which may hold a token), gives each request an id of our own making, and
 * answers an unhandled error, an unknown route and an unreadable URL with their status and a
 * constant sentence in the failure envelope.
 */
export function createHttpServer(o: {
  log: Logger
  random?: Random
  /** CIDR ranges whose X-Forwarded-For is believed; none by default. */
  trustProxy?: readonly string[]
  bodyLimit?: number
  /** Milliseconds a handler may take before 503; 0 (the default) leaves it to the routes. */
  handlerTimeoutMs?: number
}): FastifyInstance {
  const random = o.random ?? systemRandom
  const server = Fastify({
    logger: false,
    trustProxy: o.trustProxy !== undefined && o.trustProxy.length > 0 ? [...o.trustProxy] : false,
    bodyLimit: o.bodyLimit ?? defaultBodyLimit,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionTimeout: 0,
    handlerTimeout: o.handlerTimeoutMs ?? 0,
    forceCloseConnections: true,
    requestIdHeader: false,
    genReqId: () => `req_${random(10).toString('hex')}`,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => refuse(request, reply, statusOf(error)),
  })
  server.addHook('onResponse', (request, reply, done) => {
    o.log.debug(
      {
        requestId: request.id,
        method: request.method,
        route: request.routeOptions.url ?? 'none',
        httpStatus: reply.statusCode,
        elapsedMs: Math.round(reply.elapsedTime),
      },
      'request answered',
    )
    done()
  })
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const status = statusOf(error)
    if (status >= 500)
      o.log.error({ requestId: request.id, ...errorFields(error) }, 'request failed')
    refuse(request, reply, status)
  })
  server.setNotFoundHandler((request, reply) => refuse(request, reply, 404))
  return server
}

function refuse(request: FastifyRequest, reply: FastifyReply, status: number): void {
  void reply.code(status).send({
    success: false,
    error: { ...plainError(status), requestId: request.id },
  })
}

function statusOf(error: FastifyError): number {
  const status = error.statusCode
  return status !== undefined && status >= 400 && status < 600 ? status : 500
}

const sentences: Record<number, { code: string; message: string }> = {
  400: { code: 'validation_failed', message: 'The request is malformed.' },
  401: { code: 'unauthenticated', message: 'Authentication is required.' },
  403: { code: 'forbidden', message: 'This is not allowed.' },
  404: { code: 'not_found', message: 'Not found.' },
  413: { code: 'payload_too_large', message: 'The request body is too large.' },
  415: { code: 'unsupported_media_type', message: 'The content type is not supported.' },
  429: { code: 'rate_limited', message: 'Too many requests.' },
  503: { code: 'unavailable', message: 'The service is not available.' },
}

function plainError(status: number): { code: string; message: string } {
  const fallback =
    status < 500
      ? { code: 'validation_failed', message: 'The request is malformed.' }
      : { code: 'internal', message: 'Something went wrong.' }
  return sentences[status] ?? fallback
}
