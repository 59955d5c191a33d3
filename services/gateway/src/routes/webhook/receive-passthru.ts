import { failureSchema, success } from '@callwire/contracts'
import { sha256Hex } from '@callwire/crypto'
import type { Database, Finder } from '@callwire/db'
import { withoutStreamUrl } from '@callwire/exotel'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { notFound } from '../../http/api-error.ts'
import { ok } from '../../http/reply.ts'
import { edgeConfig } from '../../http/route-config.ts'
import { createPersonNumbers } from '../calls/person-number.ts'
import { findPassthruCall, type FoundBy } from './find-passthru-call.ts'
import { storeCallback, type StoreCallbackDeps } from './store-callback.ts'

export type PassthruDeps = StoreCallbackDeps & {
  database: Pick<Database, 'withTenant'> & { finder: Pick<Finder, 'phoneByTokenHash'> }
  /** One applet reported, and its call was found like this. */
  observePassthru: (by: FoundBy) => void
}

const paramsSchema = z.strictObject({ phoneToken: z.string() })
/** Applets send some thirty fields. */
const mostFields = 100
const fieldSchema = z.union([z.string(), z.array(z.string())])
const querySchema = z.record(z.string(), fieldSchema)

/**
 * What a Passthru applet of a flow reports. Its address is one for all calls of a phone, so the
 * call is looked for; what belongs to none is counted and answered all the same, because the flow
 * waits for the answer and goes its other way on an error.
 */
export function receivePassthru(scope: FastifyInstance, deps: PassthruDeps): void {
  const numbers = createPersonNumbers(deps.ring)
  scope.route({
    method: 'GET',
    url: '/exotel/webhook/passthru/:phoneToken',
    exposeHeadRoute: false,
    config: edgeConfig({ access: 'public', exemptFromPressure: true }),
    schema: {
      tags: ['webhook'],
      summary: "What a flow's Passthru applet reports",
      description:
        "The address is `passthruUrl` of the phone's ingest credentials. Always 200 for a known phone: a flow goes its first way then.",
      params: paramsSchema,
      response: {
        200: success({ received: z.literal(true) }).meta({ description: 'Taken' }),
        default: failureSchema,
      },
      security: [],
    },
    handler: async (request, reply) => {
      const { phoneToken } = paramsSchema.parse(request.params)
      const phone = await deps.database.finder.phoneByTokenHash(sha256Hex(phoneToken))
      if (phone === null) throw notFound('passthru')
      const { tenantId, phoneId } = phone
      const fields = withoutStreamUrl(fieldsOf(request.query))
      const { callId, by } = await deps.database.withTenant(tenantId, (tx) =>
        findPassthruCall(tx, numbers, { tenantId, phoneId, fields }),
      )
      deps.observePassthru(by)
      if (callId !== null) {
        const body = { kind: 'passthru', contentType: 'query', fields } as const
        await storeCallback(deps, { tenantId, callId }, body)
      }
      return reply.code(200).send(ok(200, { received: true as const }).body)
    },
  })
}

/** Of a field that comes twice the last counts. */
function fieldsOf(query: unknown): Record<string, string> {
  const parsed = querySchema.safeParse(query)
  if (!parsed.success) return {}
  return Object.fromEntries(
    Object.entries(parsed.data)
      .slice(0, mostFields)
      .map(([name, value]) => [name, typeof value === 'string' ? value : (value.at(-1) ?? '')]),
  )
}
