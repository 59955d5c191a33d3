import type { FastifyRequest } from 'fastify'

/**
 * The text fields of a request as Exotel sends them: query, and body as form, multipart or JSON.
 * What stands in both is the body's. A body that is none of these has no fields.
 */
export async function requestFields(request: FastifyRequest): Promise<Record<string, string>> {
  const fields: Record<string, string> = {}
  const add = (name: string, value: unknown) => {
    if (typeof value === 'string') fields[name] = value
  }
  for (const [name, value] of Object.entries(request.query ?? {})) add(name, value)
  for (const [name, value] of await bodyEntries(request)) add(name, value)
  return fields
}

async function bodyEntries(request: FastifyRequest): Promise<Iterable<[string, unknown]>> {
  const { body } = request
  if (!Buffer.isBuffer(body) || body.length === 0) return []
  const type = request.headers['content-type'] ?? ''
  try {
    if (/^application\/json\b/i.test(type)) {
      const value: unknown = JSON.parse(body.toString('utf8'))
      return typeof value === 'object' && value !== null ? Object.entries(value) : []
    }
    const response = new Response(new Uint8Array(body), { headers: { 'content-type': type } })
    return [...(await response.formData())]
  } catch {
    return []
  }
}
