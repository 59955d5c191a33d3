import { callSchema, placeCallBody, success } from '@callwire/contracts'
import { z } from 'zod'
import { ApiError } from '../../http/api-error.ts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import type { ViewCall } from './call-view.ts'
import type { EnqueueCall } from './enqueue-call.ts'
import { idempotencyKeyOf } from './idempotency-key.ts'

const headers = z.looseObject({
  // For the document: several are one text here, and are looked at as they came.
  'idempotency-key': z.string().optional().meta({
    minLength: 1,
    maxLength: 255,
    description:
      '1–255 characters, required with an API key; two that differ are refused. The same key and body answer the same for 7 days, and for as long after that as the call waits for its dial; the key with another body is refused.',
  }),
})

const replayedHeader = {
  'Idempotent-Replayed': {
    type: 'string',
    enum: ['true'],
    description: 'Only where the key stood for this call already: nothing new was queued.',
  },
}

export function placeCall(deps: { enqueue: EnqueueCall; viewCall: ViewCall }) {
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
      202: success({ call: callSchema }).meta({
        description: 'The queued call',
        headers: replayedHeader,
      }),
    },
    handle: async ({ principal, body, request }) => {
      const key = idempotencyKeyOf(request.raw.rawHeaders)
      if (key === null && principal.kind === 'api_key') {
        throw new ApiError(
          'idempotency_key_required',
          'Calls made with an API key need an Idempotency-Key header.',
        )
      }
      const placed = await deps.enqueue(principal, body, key)
      if (placed === null) {
        throw new ApiError(
          'idempotency_in_progress',
          'The first request with this key is still running.',
          { retryAfterS: 1 },
        )
      }
      return ok(
        202,
        { call: deps.viewCall(placed.row, principal) },
        placed.replayed ? { 'idempotent-replayed': 'true' } : {},
      )
    },
  })
}
