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
  o: { perMinute: number; principalOf: (request: FastifyRequest) => Principal | null },
): Promise<onRequestAsyncHookHandler | null> {
  if (o.perMinute === 0) return null
  await root.register(rateLimit, {
    global: false,
    max: o.perMinute,
    timeWindow: windowMs,
    cache: callersRemembered,
    keyGenerator: (request) => callerOf(request, o.principalOf(request)),
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

function callerOf(request: FastifyRequest, principal: Principal | null): string {
  if (principal !== null) return principal.sessionId ?? principal.id
  const token = bearerOf(request)
  if (token === null) return `ip:${request.ip}`
  return `token:${createHash('sha256').update(token).digest('base64url')}`
}
