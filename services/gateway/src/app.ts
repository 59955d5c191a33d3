import type { FastifyInstance } from 'fastify'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import underPressure from '@fastify/under-pressure'
import { createAuthentication, type Authenticate } from './http/authenticate.ts'
import { ApiError } from './http/api-error.ts'
import { createRateLimit } from './http/rate-limit.ts'
import { publicScope, registerRoutes, requireDeclaredAccess } from './http/register-routes.ts'
import { clientAddress, silentKey } from './http/client-address.ts'
import { createEdgeServer } from './http/server.ts'
import { edgeConfig, isExemptFromPressure } from './http/route-config.ts'
import type { Route } from './http/route.ts'
import { describeRoutes, serveDocs } from './docs.ts'
import {
  addressRanges,
  limitUnheard,
  registerHealthRoutes,
  type Clock,
  type Health,
  type Logger,
} from '@callwire/runtime'
import { receivePassthru, type PassthruDeps } from './routes/webhook/receive-passthru.ts'
import { receiveStatus, type StatusDeps } from './routes/webhook/receive-status.ts'
import type { Splice } from './splice/create-splice.ts'
import { upstreamOf } from './splice/request-head.ts'

/** The event loop this late means that answers come too late to be of use. */
const maxEventLoopDelayMs = 1_000

export type AppDeps = {
  log: Logger
  clock: Pick<Clock, 'monotonicMs'>
  routes: readonly Route[]
  webhook: StatusDeps & PassthruDeps
  authenticate: Authenticate
  splice: Splice
  health: Health
  newRequestId: () => string
  trustedProxies: readonly string[]
  allowedOrigins: readonly string[]
  ratePerMinute: number
  publicUrl: string
  observe: (o: { method: string; route: string; status: number; ms: number }) => void
  /** Told of each connection that was cut because its address had too many that said nothing. */
  observeCut: () => void
}

/** The gateway's server, ready to listen: every route, with its guards. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const { log, splice } = deps
  const taken = new WeakSet<object>()
  const trusted = addressRanges(deps.trustedProxies)
  const app = createEdgeServer({
    log,
    newRequestId: deps.newRequestId,
    takesUpgrade: (request) => isWebSocket(request.headers.upgrade),
    onUpgrade: (request, socket, head) => splice.upgrade(request, socket, head),
    taken,
  })
  limitUnheard(app.server, {
    keyOf: (peer) => silentKey(peer, trusted),
    // Pages and SDKs keep theirs for the next request.
    countsPlain: false,
    clock: deps.clock,
    onCut: deps.observeCut,
  })
  requireDeclaredAccess(app)
  observeAnswers(app, deps)
  await describeRoutes(app, deps.publicUrl)
  await protect(app, deps)
  const authentication = createAuthentication(deps.authenticate)
  const rateLimit = await createRateLimit(app, {
    perMinute: deps.ratePerMinute,
    principalOf: authentication.principalOf,
    addressOf: (request) => clientAddress(request.raw, trusted),
  })
  const counted = rateLimit === null ? [] : [rateLimit]

  app.setNotFoundHandler({ preHandler: counted }, () => {
    throw new ApiError('not_found', 'No such route.')
  })
  publicScope(app, (scope) => registerHealthRoutes(scope, deps.health))
  serveDocs(app)
  app.register(
    (scope, _options, done) => {
      keepPrivate(scope)
      readJsonOnly(scope)
      registerRoutes(scope, deps.routes, {
        guards: [authentication.authenticate, ...counted, authentication.authorize],
        principalOf: authentication.principalOf,
      })
      done()
    },
    { prefix: '/api/v1' },
  )
  app.register(
    (scope, _options, done) => {
      keepPrivate(scope)
      receiveStatus(scope, deps.webhook)
      receivePassthru(scope, deps.webhook)
      done()
    },
    { prefix: '/api/v1' },
  )
  for (const url of ['/v1/ingest', '/v1/ingest/*', '/v1/copilot', '/v1/copilot/*']) {
    app.all(url, {
      config: edgeConfig({ access: 'public', exemptFromPressure: true }),
      schema: hidden,
      onRequest: (request, reply) => {
        reply.hijack()
        taken.add(request.raw.socket)
        splice.plain(request.raw)
      },
      handler: () => undefined,
    })
  }
  await app.ready()
  return app
}

async function protect(app: FastifyInstance, deps: AppDeps): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    // The edge speaks HTTP; whoever puts TLS before it promises TLS.
    strictTransportSecurity: deps.publicUrl.startsWith('https:'),
  })
  await app.register(cors, {
    origin: [...deps.allowedOrigins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'idempotency-key', 'range'],
    exposedHeaders: [
      ...['idempotent-replayed', 'retry-after'],
      // Of a recording.
      ...['accept-ranges', 'content-disposition', 'content-range'],
    ],
    maxAge: 600,
    // An OPTIONS that is no preflight is harmless; the plugin would refuse it in words of its own.
    strictPreflight: false,
  })
  await app.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    pressureHandler: (request) => {
      if (isExemptFromPressure(request.routeOptions.config)) return
      throw new ApiError('unavailable', 'The service is overloaded; try again shortly.', {
        retryAfterS: 2,
      })
    },
  })
}

/** Spliced paths are their services' to describe. */
const hidden: object = { hide: true }

/** Answers about people are for whoever asked, not for a cache on the way. */
function keepPrivate(scope: FastifyInstance): void {
  scope.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store')
    done()
  })
}

/** JSON and nothing else; an empty body with a JSON type, which some clients always send, is none. */
function readJsonOnly(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser('error', 'error')
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, null)
    else void parse(request, body as string, done)
  })
}

function observeAnswers(app: FastifyInstance, deps: AppDeps): void {
  app.addHook('onResponse', (request, reply, done) => {
    // A splice's time is its call's, and no figure of ours.
    if (upstreamOf(request.url) !== null) {
      done()
      return
    }
    // The pattern, never the address, which may hold a signature or a token.
    const route = request.routeOptions.url ?? 'none'
    const status = reply.statusCode
    const ms = Math.round(reply.elapsedTime)
    const { method } = request
    deps.observe({ method, route, status, ms })
    deps.log.debug({ requestId: request.id, method, route, httpStatus: status, ms }, 'answered')
    done()
  })
}

function isWebSocket(upgrade: string | undefined): boolean {
  return upgrade?.toLowerCase() === 'websocket'
}
