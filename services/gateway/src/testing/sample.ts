import { z } from 'zod'

type JsonSchema = {
  type?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  minimum?: number
}

/** Values for fields whose schema alone does not say what is valid. */
export type Known = Readonly<Record<string, unknown>>

/** Each shape a body may have: one per branch of a union. */
export function shapesOf(schema: z.ZodType): JsonSchema[] {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  return json.oneOf ?? json.anyOf ?? [json]
}

/** The least that a shape takes: its required fields, known values first. */
export function sampleOf(shape: JsonSchema, known: Known): Record<string, unknown> {
  const fields = Object.entries(shape.properties ?? {})
  return Object.fromEntries(
    fields
      .filter(([name]) => shape.required?.includes(name) === true)
      .map(([name, field]) => [name, valueOf(name, field, known)]),
  )
}

function valueOf(name: string, schema: JsonSchema, known: Known): unknown {
  if (schema.const !== undefined) return schema.const
  if (name in known) return known[name]
  if (schema.enum !== undefined) return schema.enum[0]
  switch (schema.type ?? '') {
    case 'string':
      return 'sample'
    case 'boolean':
      return true
    case 'integer':
    case 'number':
      return schema.minimum ?? 1
    case 'array':
      return [valueOf('', schema.items ?? {}, known)]
    case 'object':
      return sampleOf(schema, known)
    default:
      return null
  }
}

/** No field takes any of these; secrets that are compared and not stored may be any text. */
export function wrongValues(name: string): unknown[] {
  const everywhere = [{ echo: { deep: 'do-not-echo' } }, ['do-not-echo', 1], -1.5]
  const isSecret = /password|refreshToken/i.test(name)
  return isSecret ? everywhere : [...everywhere, 'do-not-echo\u0000']
}
