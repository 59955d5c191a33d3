import type { FastifyInstance } from 'fastify'

/** Outside `/v1/ingest`, so the gateway does not pass it on. */
export const HANDOVER_PATH = '/handover'

/**
 * Lets a successor on the same machine have the port: a draining process gives it up at once,
 * and keeps its live sockets. One that is not draining refuses, so asking does no harm.
 */
export function registerHandover(
  app: FastifyInstance,
  o: { isDraining: () => boolean; giveUp: () => void },
): void {
  app.post(HANDOVER_PATH, async (_request, reply) => {
    if (!o.isDraining()) return reply.code(409).send({ status: 'serving' })
    void reply.header('connection', 'close')
    reply.raw.once('finish', () => o.giveUp())
    return reply.code(202).send({ status: 'handing_over' })
  })
}
