import { boundaryOf, parseMultipart } from './multipart.ts'

/** Form fields in the order they came; names repeat. */
export type Fields = readonly (readonly [name: string, value: string])[]

export type ParsedForm =
  { kind: 'form'; fields: Fields } | { kind: 'unreadable'; reason: 'content_type' | 'malformed' }

/**
 * Reads a request body of the v1 API: urlencoded or multipart form, nothing else.
 * A JSON body is no form to v1 and is refused like any other unknown type.
 */
export function parseForm(contentType: string | undefined, body: Buffer): ParsedForm {
  const full = contentType ?? ''
  const type = full.split(';')[0]?.trim().toLowerCase()
  if (type === 'application/x-www-form-urlencoded') {
    return { kind: 'form', fields: [...new URLSearchParams(body.toString('utf8'))] }
  }
  if (type !== 'multipart/form-data') return { kind: 'unreadable', reason: 'content_type' }
  const boundary = boundaryOf(full)
  const fields = boundary === null ? null : parseMultipart(body, boundary)
  return fields ? { kind: 'form', fields } : { kind: 'unreadable', reason: 'malformed' }
}

/** The last value given for a name, undefined when there is none or it is empty. */
export function field(fields: Fields, name: string): string | undefined {
  const value = fields.findLast(([key]) => key === name)?.[1]
  return value === undefined || value === '' ? undefined : value
}

/** All values of a list field, in any of its three spellings: `Name`, `Name[]`, `Name[0]`. */
export function listField(fields: Fields, name: string): string[] {
  const values: string[] = []
  for (const [key, value] of fields) {
    const isList =
      key === name || (key.startsWith(`${name}[`) && /^\[\d*\]$/.test(key.slice(name.length)))
    if (isList && value !== '') values.push(value)
  }
  return values
}
