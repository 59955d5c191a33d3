import formbody from '@fastify/formbody'
import multipart from '@fastify/multipart'
import { errorFields, registerHealthRoutes, type Health } from '@callwire/runtime'
import type { FastifyInstance } from 'fastify'
import type { IngestContext } from './context.ts'
import { requestFields } from './request-fields.ts'
import { resolveMediaUrl, type ResolveDeps } from './resolve.ts'

const tokenShape = /^[A-Za-z0-9_-]{16,256}$/

export type RouteDeps = ResolveDeps & Pick<IngestContext, 'log'>

/** What ingest answers besides media sockets: its health, and Exotel's dynamic endpoint. */
export function registerRoutes(app: FastifyInstance, deps: RouteDeps, health: Health): void {
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

function notFound(requestId: string) {
  return failure('not_found', 'Not found.', requestId)
}

function failure(code: string, message: string, requestId: string) {
  return { success: false, error: { code, message, requestId } }
}
