import { parseMultipart } from './multipart.ts'

/** A callback's fields: text from forms; whatever JSON holds from JSON. */
export type CallbackFields = Record<string, unknown>

export type ParsedCallback =
  | { kind: 'fields'; contentType: string; fields: CallbackFields }
  | { kind: 'malformed' }
  | { kind: 'unsupported' }

/**
 * Reads a status callback's body. Exotel's docs name multipart/form-data (the default) and JSON;
 * its applets send forms. A body without a type is told by its first character, because a callback
 * that is refused is lost.
 */
export function parseCallback(contentTypeHeader: string | undefined, body: Buffer): ParsedCallback {
  const contentType = (contentTypeHeader ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  const text = () => new TextDecoder('utf-8').decode(body)
  switch (contentType) {
    case 'application/json':
      return fromJson(contentType, text())
    case 'application/x-www-form-urlencoded':
      return fromPairs(contentType, new URLSearchParams(text()))
    case 'multipart/form-data':
      return fromMultipart(contentType, contentTypeHeader ?? '', body)
    case '':
      return text().trimStart().startsWith('{')
        ? fromJson('application/json', text())
        : fromPairs('application/x-www-form-urlencoded', new URLSearchParams(text()))
    default:
      return { kind: 'unsupported' }
  }
}

function fromJson(contentType: string, text: string): ParsedCallback {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { kind: 'malformed' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'malformed' }
  }
  return { kind: 'fields', contentType, fields: { ...value } }
}

function fromMultipart(contentType: string, header: string, body: Buffer): ParsedCallback {
  const fields = parseMultipart(header, body)
  return fields === null ? { kind: 'malformed' } : fromPairs(contentType, fields)
}

/** Forms: a field that comes twice with two values contradicts itself, so nothing is believed. */
function fromPairs(contentType: string, pairs: Iterable<[string, string]>): ParsedCallback {
  const fields = new Map<string, string>()
  for (const [rawName, value] of pairs) {
    // A byte order mark before the first field belongs to the encoding, not to the name.
    const name = rawName.replace(/^\uFEFF/, '')
    const known = fields.get(name)
    if (known !== undefined && known !== value) return { kind: 'malformed' }
    fields.set(name, value)
  }
  return { kind: 'fields', contentType, fields: Object.fromEntries(fields) }
}
