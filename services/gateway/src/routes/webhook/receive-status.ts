import { isId } from '@callwire/contracts'
import { verifyMacToken, type MacRing } from '@callwire/crypto'
import type { Database, Finder } from '@callwire/db'
import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import { z } from 'zod'
import { failureSchema, success } from '@callwire/contracts'
import { ApiError, notFound } from '../../http/api-error.ts'
import { ok } from '../../http/reply.ts'
import { edgeConfig } from '../../http/route-config.ts'
import { parseCallback } from './callback-fields.ts'
import { storeCallback, type StoreCallbackDeps } from './store-callback.ts'

/** Far more than any callback, and what the contract promises to refuse beyond. */
const bodyLimit = 256 * 1024

const paramsSchema = z.strictObject({ callId: z.string().max(200), signature: z.string().max(512) })

/** Types that say how a body is read; of any other the body itself is looked at. */
const ourTypes =
  /^(multipart\/form-data|application\/json|application\/x-www-form-urlencoded)[ \t]*(;|$)/i

export type StatusDeps = StoreCallbackDeps & {
  database: Pick<Database, 'withTenant'> & { finder: Pick<Finder, 'callById'> }
  callbackKeys: MacRing
}

/**
 * Exotel's status callback. It carries no signature of Exotel's own, so its address does. It is
 * stored and answered at once; the dialer applies it.
 *
 * Registered by hand, in a scope whose only body parser takes bytes of any type: the body is
 * parsed here, after the signature proved right.
 */
export function receiveStatus(scope: FastifyInstance, deps: StatusDeps): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body)
  })

  const checkSignature: onRequestHookHandler = (request, _reply, done) => {
    // Too long to be ours is wrong like anything else: whoever guesses learns nothing.
    const params = paramsSchema.safeParse(request.params)
    const { callId = '', signature = '' } = params.data ?? {}
    const genuine =
      isId('call', callId) &&
      verifyMacToken(deps.callbackKeys, 'status-callback', callId, signature)
    if (!ourTypes.test(request.headers['content-type'] ?? '')) {
      // The framework refuses what is no media type before anybody can read the body.
      delete request.headers['content-type']
    }
    done(genuine ? undefined : notFound('callback'))
  }

  scope.route({
    method: 'POST',
    url: '/exotel/webhook/status/:callId/:signature',
    config: edgeConfig({ access: 'public', exemptFromPressure: true }),
    bodyLimit,
    onRequest: [checkSignature],
    schema: {
      tags: ['webhook'],
      summary: "Exotel's status callback",
      description:
        'multipart/form-data, application/x-www-form-urlencoded or JSON, at most 256 KiB; of another type, what begins with { is JSON and the rest a form. Of a field that comes twice the last counts; what names two calls is stored and not applied. The signature in the path is made when the call is placed.',
      params: paramsSchema,
      response: {
        200: success({ received: z.literal(true) }).meta({ description: 'Stored' }),
        default: failureSchema,
      },
      security: [],
    },
    handler: async (request, reply) => {
      const { callId } = paramsSchema.parse(request.params)
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      const parsed = parseCallback(request.headers['content-type'], body)
      if (parsed.kind === 'malformed') {
        throw new ApiError('validation_failed', 'The callback cannot be read.')
      }
      const found = await deps.database.finder.callById(callId)
      if (found === null) throw notFound('callback')
      const { contentType, fields } = parsed
      const call = { tenantId: found.tenantId, callId }
      await storeCallback(deps, call, { kind: 'status', contentType, fields })
      return reply.code(200).send(ok(200, { received: true as const }).body)
    },
  })
}
