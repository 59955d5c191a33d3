import { callSchema, idempotencyKeySchema, placeCallBody, success } from '@callwire/contracts'
import { DbError } from '@callwire/db'
import { z } from 'zod'
import { ApiError } from '../../http/api-error.ts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import type { ViewCall } from './call-view.ts'
import type { EnqueueCall } from './enqueue-call.ts'

const headers = z.looseObject({
  'idempotency-key': idempotencyKeySchema.optional().meta({
    description:
      '1–255 characters, required with an API key. The same key and body within 7 days answer the same; the key with another body is refused.',
  }),
})

/** PostgreSQL's lock_not_available: the wait for the first request with this key was cut off. */
const lockNotAvailable = '55P03'

export function placeCall(deps: { enqueue: EnqueueCall; viewCall: ViewCall }) {
  const enqueue = async (...asked: Parameters<EnqueueCall>) => {
    try {
      const placed = await deps.enqueue(...asked)
      if (placed !== null) return placed
    } catch (error) {
      const [, , key] = asked
      const cutOff = error instanceof DbError && error.sqlstate === lockNotAvailable
      if (key === null || !cutOff) throw error
    }
    throw stillRunning()
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
      const placed = await enqueue(principal, body, key ?? null)
      return ok(
        202,
        { call: deps.viewCall(placed.row, principal) },
        placed.replayed ? { 'idempotent-replayed': 'true' } : {},
      )
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
