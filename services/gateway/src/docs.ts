import { keyRefusals } from '@callwire/contracts'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'
import { hasBody } from './http/route-config.ts'
import { publicScope } from './http/register-routes.ts'

const description = [
  'Success is `{"success":true,"data":{…}}`, failure',
  '`{"success":false,"error":{"code","message","requestId","details"?}}`. Lists take `limit` and',
  '`cursor`. Numbers are E.164; those of other people are masked unless the caller has `pii:read`.',
  'Calls need an `Idempotency-Key` when placed with an API key; keys are kept for 7 days at',
  'least, and as long as their call waits for its dial.',
].join(' ')

const hidden: FastifySchema & { hide: true } = { hide: true }

/** Collects the routes that are registered after it, for the document at `/docs/json`. */
export async function describeRoutes(root: FastifyInstance, publicUrl: string): Promise<void> {
  await root.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Callwire', version: '1', description },
      servers: [{ url: publicUrl }],
      tags: [
        { name: 'auth', description: 'Signing in and out' },
        { name: 'users', description: 'People of the tenant' },
        { name: 'api-keys', description: 'Keys for programs' },
        { name: 'phones', description: 'ExoPhones and their Exotel accounts' },
        { name: 'agents', description: 'Who answers for a phone' },
        { name: 'calls', description: 'Calls, their events, words and receipts' },
        { name: 'tokens', description: 'Tickets and tokens for sockets' },
        { name: 'settings', description: "The tenant's settings" },
        {
          name: 'keys',
          description: `Encryption keys of the whole install, for the tenant that operates it. A step that cannot be taken now is a \`conflict\` whose \`details.reason\` says why: ${keyRefusals.map((reason) => `\`${reason}\``).join(' ')}.`,
        },
        { name: 'audit', description: 'Who did what' },
        { name: 'webhook', description: 'What Exotel calls' },
      ],
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: "A session's access token, or an API key (`cw_…`)",
          },
        },
      },
    },
    transform: (document) => {
      const { schema, url, route } = document
      if (!url.startsWith('/api/') || route.method === 'HEAD') {
        return { schema: hidden, url }
      }
      const { body, ...rest } = schema
      return jsonSchemaTransform({
        ...document,
        schema: hasBody(route.config) ? { ...rest, body } : rest,
      })
    },
  })
}

/** Serves the document and a page that shows it, to everybody. */
export function serveDocs(root: FastifyInstance): void {
  publicScope(root, async (scope) => {
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: true,
      indexPrefix: '',
    })
  })
}
