import { isNamed, isShallow } from '@callwire/exotel'
import { parseMultipart } from './multipart.ts'

/** A callback's fields: text from forms; whatever JSON holds from JSON. */
export type CallbackFields = Record<string, unknown>

export type ParsedCallback =
  { kind: 'fields'; contentType: string; fields: CallbackFields } | { kind: 'malformed' }

/**
 * Reads a status callback's body. Exotel's docs name multipart/form-data (the default) and JSON;
 * its applets send forms. A body of any other type, or of none, is told by its first character,
 * because a callback that is refused is lost.
 */
export function parseCallback(contentTypeHeader: string | undefined, body: Buffer): ParsedCallback {
  const contentType = (contentTypeHeader ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (contentType === 'multipart/form-data') {
    return fromMultipart(contentType, contentTypeHeader ?? '', body)
  }
  // Takes a byte order mark away.
  const text = new TextDecoder('utf-8').decode(body)
  return contentType === 'application/json' || text.trimStart().startsWith('{')
    ? fromJson(text)
    : fromPairs('application/x-www-form-urlencoded', new URLSearchParams(text))
}

function fromJson(text: string): ParsedCallback {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { kind: 'malformed' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !isShallow(value)) {
    return { kind: 'malformed' }
  }
  return { kind: 'fields', contentType: 'application/json', fields: { ...value } }
}

function fromMultipart(contentType: string, header: string, body: Buffer): ParsedCallback {
  const fields = parseMultipart(header, body)
  return fields === null ? { kind: 'malformed' } : fromPairs(contentType, fields)
}

/**
 * Forms: of a field that comes twice the last counts. Of a call's Sid both are kept where they
 * differ, so that whoever reads them believes neither.
 */
function fromPairs(contentType: string, pairs: Iterable<[string, string]>): ParsedCallback {
  const fields = new Map<string, string | [string, string]>()
  for (const [rawName, value] of pairs) {
    // A byte order mark before the first field belongs to the encoding, not to the name.
    const name = rawName.replace(/^\uFEFF/, '')
    const known = isNamed(name, 'CallSid') ? fields.get(name) : undefined
    if (Array.isArray(known)) continue
    fields.set(name, known === undefined || known === value ? value : [known, value])
  }
  return { kind: 'fields', contentType, fields: Object.fromEntries(fields) }
}
