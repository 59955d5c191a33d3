import { callSchema, idempotencyKeySchema, placeCallBody, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { DbError } from '@callwire/db'
import type { Principal } from '@callwire/accounts'
import { z } from 'zod'
import { ApiError } from '../../http/api-error.ts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { asPlaced, type ViewCall } from './call-view.ts'
import type { KeyClaims } from './claim-key.ts'
import { findCall } from './find-call.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { EnqueueCall } from './enqueue-call.ts'
import { personToCall } from './person-to-call.ts'

const headers = z.looseObject({
  'idempotency-key': idempotencyKeySchema.optional().meta({
    description:
      '1–255 characters, required with an API key. The same key and body within 7 days answer the same; the key with another body is refused.',
  }),
})

/** PostgreSQL's lock_not_available: the wait for the first request with this key was cut off. */
const lockNotAvailable = '55P03'

export function placeCall(deps: {
  database: Pick<Database, 'withTenant'>
  claims: KeyClaims
  enqueue: EnqueueCall
  viewCall: ViewCall
}) {
  /** The first answer again, or null when nobody used the key yet. */
  const replay = async (principal: Principal, key: string, fingerprint: string) => {
    const { tenantId } = principal
    return deps.database.withTenant(tenantId, async (tx) => {
      const claimed = await deps.claims.find(tx, { tenantId, key, fingerprint })
      if (claimed === null) return null
      if (!claimed.same) {
        throw new ApiError('idempotency_mismatch', 'This key was used with another body.')
      }
      return deps.viewCall(asPlaced(await findCall(tx, claimed.callId)), principal)
    })
  }

  return route({
    method: 'POST',
    path: ['/exotel/calls', '/calls'],
    access: 'calls:place',
    tag: 'calls',
    summary: 'Place a call',
    description:
      'Queues the call and answers 202 once that is durable; the dialer places it. A person is not called twice at a time unless `allowConcurrent` says so.',
    headers,
    body: placeCallBody,
    replies: {
      202: success({ call: callSchema }).meta({ description: 'The queued call' }),
    },
    handle: async ({ principal, body, headers: { 'idempotency-key': key } }) => {
      if (key === undefined && principal.kind === 'api_key') {
        throw new ApiError(
          'idempotency_key_required',
          'Calls made with an API key need an Idempotency-Key header.',
        )
      }
      const { tenantId } = principal
      const person = await personToCall(deps.database, tenantId, body)
      const fingerprint = fingerprintOf(body, person)
      const claim =
        key === undefined ? null : (callId: string) => ({ tenantId, key, fingerprint, callId })
      try {
        const placed = await deps.enqueue(principal, body, person, async (tx, callId) =>
          claim === null ? true : deps.claims.claim(tx, claim(callId)),
        )
        if (placed !== null) {
          return ok(202, { call: deps.viewCall(placed, principal) })
        }
      } catch (error) {
        if (key === undefined || !(error instanceof DbError && error.sqlstate === lockNotAvailable))
          throw error
        throw stillRunning()
      }
      const call = key === undefined ? null : await replay(principal, key, fingerprint)
      if (call === null) throw stillRunning()
      return ok(202, { call }, { 'idempotent-replayed': 'true' })
    },
  })
}

function stillRunning(): ApiError {
  return new ApiError(
    'idempotency_in_progress',
    'The first request with this key is still running.',
    { retryAfterS: 1 },
  )
}
