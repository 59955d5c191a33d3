import type { FastifyInstance } from 'fastify'

/** Outside the paths that a gateway passes on. */
export const HANDOVER_PATH = '/handover'

/**
 * Lets a successor on the same machine have the port: a draining process gives it up at once, and
 * keeps its live sockets. One that is not draining answers 409, so asking does no harm; a peer that
 * came over a network gets 403. Whoever asks on the same connection again and again is told to make
 * another one, which the successor gets.
 */
export function offerPort(
  app: FastifyInstance,
  o: { isDraining: () => boolean; giveUp: () => void },
): void {
  app.addHook('onSend', async (_request, reply) => {
    if (o.isDraining()) reply.header('connection', 'close')
  })
  app.post(HANDOVER_PATH, async (request, reply) => {
    // Who calls an address of this machine from this machine calls from that very address.
    const { remoteAddress, localAddress } = request.raw.socket
    if (remoteAddress !== localAddress) return reply.code(403).send({ status: 'refused' })
    if (!o.isDraining()) return reply.code(409).send({ status: 'serving' })
    reply.raw.once('finish', () => o.giveUp())
    return reply.code(202).send({ status: 'handing_over' })
  })
}
