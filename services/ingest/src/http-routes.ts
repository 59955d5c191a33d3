import formbody from '@fastify/formbody'
import multipart from '@fastify/multipart'
import { errorFields, registerHealthRoutes, type Health } from '@callwire/runtime'
import type { FastifyInstance } from 'fastify'
import { clientOf, type AddressDeps } from './client-address.ts'
import type { IngestContext } from './context.ts'
import { RETRY_AFTER_S } from './refuse-upgrade.ts'
import { requestFields } from './request-fields.ts'
import { resolveMediaUrl, type ResolveDeps } from './resolve.ts'
import type { Unproven } from './unproven.ts'

const tokenShape = /^[A-Za-z0-9_-]{16,256}$/

export type RouteDeps = ResolveDeps &
  AddressDeps &
  Pick<IngestContext, 'log' | 'metrics'> & { unproven: Unproven }

/** What ingest answers besides media sockets: its health, and Exotel's dynamic endpoint. */
export function registerRoutes(app: FastifyInstance, deps: RouteDeps, health: Health): void {
  limitPerClient(app, deps)
  registerHealthRoutes(app, health)
  void app.register(formbody)
  void app.register(multipart, {
    attachFieldsToBody: 'keyValues',
    limits: { fields: 64, files: 0 },
  })
  // A body of another kind has no fields for us, and its sender still gets an answer.
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume()
    payload.on('end', () => done(null, null))
    payload.on('error', done)
  })
  app.route<{ Params: { phoneToken: string } }>({
    method: ['GET', 'POST'],
    url: '/v1/ingest/resolve/:phoneToken',
    handler: async (request, reply) => {
      void reply.header('cache-control', 'no-store')
      const { phoneToken } = request.params
      if (!tokenShape.test(phoneToken)) return reply.code(404).send(notFound(request.id))
      try {
        const fields = requestFields(request)
        const url = await resolveMediaUrl(deps, { phoneToken, fields })
        return await (url === null
          ? reply.code(404).send(notFound(request.id))
          : reply.send({ url }))
      } catch (error) {
        deps.log.error({ requestId: request.id, ...errorFields(error) }, 'resolve failed')
        return reply.code(503).send(failure('unavailable', 'Try again shortly.', request.id))
      }
    },
  })
}

/**
 * Plain requests have their place among the handshakes of the same client; those of whoever looks
 * after this process (its health, its port) do not depend on a place.
 */
function limitPerClient(app: FastifyInstance, deps: RouteDeps): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!request.url.startsWith('/v1/ingest')) return
    const { countedAs } = clientOf(deps, request.raw)
    if (countedAs === null) return
    // Heard of from here on: whoever leaves while waiting for a place must not keep it.
    const over = Promise.withResolvers<undefined>()
    reply.raw.once('close', () => over.resolve(undefined))
    if (await deps.unproven.enter(countedAs)) {
      void over.promise.then(() => deps.unproven.leave(countedAs))
      // Nobody is there to be answered.
      if (request.raw.socket.destroyed) reply.hijack()
      return
    }
    deps.metrics.refused.inc({ status: '429' })
    void reply.header('retry-after', String(RETRY_AFTER_S)).code(429)
    await reply.send(failure('rate_limited', 'Too many requests at once.', request.id))
  })
}

function notFound(requestId: string) {
  return failure('not_found', 'Not found.', requestId)
}

function failure(code: string, message: string, requestId: string) {
  return { success: false, error: { code, message, requestId } }
}
