import { createHash } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import type { Principal } from '@callwire/accounts'
import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import { ApiError } from './api-error.ts'
import { bearerOf } from './authenticate.ts'

const windowMs = 60_000
/** Callers remembered at a time: the oldest is forgotten, which only ever favours the caller. */
const callersRemembered = 20_000

/**
 * Counts requests per API key or session; per address only where no token came. Returns the guard
 * that counts, or null when the limit is off.
 *
 * @param perMinute - 0 switches it off
 */
export async function createRateLimit(
  root: FastifyInstance,
  o: {
    perMinute: number
    principalOf: (request: FastifyRequest) => Principal | null
    addressOf: (request: FastifyRequest) => string
  },
): Promise<onRequestAsyncHookHandler | null> {
  if (o.perMinute === 0) return null
  await root.register(rateLimit, {
    global: false,
    max: o.perMinute,
    timeWindow: windowMs,
    cache: callersRemembered,
    keyGenerator: (request) => {
      const principal = o.principalOf(request)
      if (principal !== null) return principal.sessionId ?? principal.id
      return unprovenCaller(request, o.addressOf(request))
    },
    errorResponseBuilder: (_request, context) =>
      new ApiError('rate_limited', 'Too many requests; wait for Retry-After.', {
        retryAfterS: Math.max(1, Math.ceil(context.ttl / 1000)),
      }),
  })
  const handler = root.rateLimit()
  return async function (request, reply) {
    await handler.call(this, request, reply)
  }
}

function unprovenCaller(request: FastifyRequest, address: string): string {
  const token = bearerOf(request)
  if (token === null) return `ip:${address}`
  return `token:${createHash('sha256').update(token).digest('base64url')}`
}
