import type { FastifyRequest } from 'fastify'

/**
 * The text fields of a request as Exotel sends them: query, and body as form, multipart or JSON.
 * What stands in both is the body's.
 */
export function requestFields(
  request: Pick<FastifyRequest, 'query' | 'body'>,
): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const part of [request.query, request.body]) {
    if (typeof part !== 'object' || part === null) continue
    for (const [name, value] of Object.entries(part)) {
      if (typeof value === 'string') fields[name] = value
    }
  }
  return fields
}
