import type { Principal } from '@callwire/accounts'
import type { FastifyRequest, onRequestAsyncHookHandler, onRequestHookHandler } from 'fastify'
import { accessOf, type Access } from './access.ts'
import { ApiError } from './api-error.ts'

export type Authenticate = (token: string) => Promise<Principal | null>

/** The bearer token of a request (RFC 6750 §2.1: in the header, nowhere else), or null. */
export function bearerOf(request: {
  headers: { authorization?: string | undefined }
}): string | null {
  const match = /^Bearer +([A-Za-z0-9._~+/=-]{1,4096})$/i.exec(request.headers.authorization ?? '')
  return match?.[1] ?? null
}

export type Authentication = {
  /** Finds out who asks; refuses before the body is read. */
  authenticate: onRequestAsyncHookHandler
  /** Refuses whoever lacks what the route asks for. Runs after the rate limit has counted. */
  authorize: onRequestHookHandler
  principalOf: (request: FastifyRequest) => Principal | null
}

export function createAuthentication(authenticateToken: Authenticate): Authentication {
  const principals = new WeakMap<FastifyRequest, Principal>()
  return {
    principalOf: (request) => principals.get(request) ?? null,
    authenticate: async (request) => {
      if (accessOf(request.routeOptions.config) === 'public') return
      const token = bearerOf(request)
      const principal = token === null ? null : await authenticateToken(token)
      if (principal === null) {
        throw new ApiError('unauthenticated', 'A valid bearer token is required.')
      }
      principals.set(request, principal)
    },
    authorize: (request, _reply, done) => {
      done(refusal(accessOf(request.routeOptions.config), principals.get(request) ?? null))
    },
  }
}

/** Why this caller may not use a route of this access, if so. */
export function refusal(access: Access | null, principal: Principal | null): ApiError | undefined {
  if (access === 'public') return undefined
  if (principal === null)
    return new ApiError('unauthenticated', 'A valid bearer token is required.')
  if (access === 'session') {
    return principal.kind === 'user'
      ? undefined
      : new ApiError('forbidden', 'This is for people who signed in, not for API keys.')
  }
  if (principal.mustChangePassword) {
    return new ApiError('password_change_required', 'Change the one-time password first.')
  }
  return access !== null && principal.permissions.has(access)
    ? undefined
    : new ApiError('forbidden', 'Your role or scopes do not allow this.')
}
