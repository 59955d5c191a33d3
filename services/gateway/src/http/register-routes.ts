import { failureSchema } from '@callwire/contracts'
import type { Principal } from '@callwire/accounts'
import { AppError } from '@callwire/runtime'
import type {
  FastifyInstance,
  FastifyRequest,
  onRequestAsyncHookHandler,
  onRequestHookHandler,
} from 'fastify'
import { z } from 'zod'
import { accessOf } from './access.ts'
import { edgeConfig } from './route-config.ts'
import type { Route } from './route.ts'

/** A body where a route has none: nothing, or an empty object from clients that always send one. */
const emptyBody = z.union([z.null(), z.strictObject({})])

const failure = failureSchema.meta({ description: 'Failure; `error.code` says which' })

/** Registers the table's routes in one scope, each behind `guards` in their order. */
export function registerRoutes(
  scope: FastifyInstance,
  routes: readonly Route[],
  o: {
    guards: readonly (onRequestAsyncHookHandler | onRequestHookHandler)[]
    principalOf: (request: FastifyRequest) => Principal | null
  },
): void {
  for (const declared of routes) {
    const { access, tag, summary, schemas } = declared
    for (const [index, url] of declared.paths.entries()) {
      scope.route({
        method: declared.method,
        url,
        config: edgeConfig({ access, hasBody: schemas.body !== null }),
        onRequest: [...o.guards],
        schema: {
          params: schemas.params,
          querystring: schemas.query,
          ...(schemas.headers === null ? {} : { headers: schemas.headers }),
          ...(declared.method === 'GET' ? {} : { body: schemas.body ?? emptyBody }),
          response: { ...schemas.replies, default: failure },
          tags: [tag],
          summary,
          description: describe(declared, index),
          security: access === 'public' ? [] : [{ bearer: [] }],
        },
        handler: async (request, reply) => {
          const { status, body, headers } = await declared.handle({
            principal: o.principalOf(request),
            params: request.params,
            query: request.query,
            body: schemas.body === null ? undefined : request.body,
            headers: schemas.headers === null ? undefined : request.headers,
            request,
          })
          if (headers !== undefined) reply.headers(headers)
          return reply.code(status).send(body)
        },
      })
    }
  }
}

function describe(declared: Route, index: number): string {
  const parts = [declared.description]
  if (index > 0) parts.push(`Alias of \`${declared.paths[0] ?? ''}\`.`)
  if (declared.access === 'session') parts.push('For signed-in people; API keys are refused.')
  else if (declared.access !== 'public') parts.push(`Needs \`${declared.access}\`.`)
  return parts.filter((part) => part !== undefined).join('\n\n')
}

/**
 * Refuses to boot when any route, also one of a plugin's, declares no access: forgetting must not
 * mean "open".
 */
export function requireDeclaredAccess(root: FastifyInstance): void {
  const seen: { method: string | string[]; url: string; config?: unknown }[] = []
  root.addHook('onRoute', (registered) => {
    // A preflight carries no credentials, by the Fetch standard, and tells nothing.
    if (registered.method !== 'OPTIONS') seen.push(registered)
  })
  root.addHook('onReady', (done) => {
    const undeclared = seen.find(({ config }) => accessOf(config) === null)
    if (undeclared === undefined) done()
    else {
      const { method, url } = undeclared
      done(
        new AppError({
          code: 'route_without_access',
          message: `The route ${String(method)} ${url} declares no access.`,
          level: 'fatal',
        }),
      )
    }
  })
}

/** A scope whose routes come from somebody else's plugin and are for everybody. */
export function publicScope(
  root: FastifyInstance,
  register: (scope: FastifyInstance) => Promise<void> | void,
): void {
  root.register(async (scope) => {
    scope.addHook('onRoute', (registered) => {
      registered.config = {
        ...registered.config,
        ...edgeConfig({ access: 'public', exemptFromPressure: true }),
      }
    })
    await register(scope)
  })
}
