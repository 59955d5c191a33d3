/** A bag of values from outside, as JSON or a form gave it. */
export type Fields = Record<string, unknown>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A field under any of its spellings: Exotel's own pages disagree on case and on underscores, so
 * `CallSid`, `callsid`, `call_sid` and `Call-Sid` are one name.
 */
export function pick(fields: unknown, ...names: string[]): unknown {
  if (!isFields(fields)) return undefined
  for (const name of names) {
    if (Object.hasOwn(fields, name)) return fields[name]
  }
  const wanted = new Set(names.map(plain))
  for (const [name, value] of Object.entries(fields)) {
    if (wanted.has(plain(name))) return value
  }
  return undefined
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[_\-\s\ufeff]/g, '')
}

/** Text with something in it: `null`, the word `null` and blanks count as absent. */
export function textOf(value: unknown, maxLength = 512): string | undefined {
  const raw = typeof value === 'number' ? String(value) : lastOf(value)
  if (typeof raw !== 'string') return undefined
  const text = raw.replace(/^\ufeff/, '').trim()
  const absent = text === '' || text.toLowerCase() === 'null' || text.length > maxLength
  return absent ? undefined : text
}

/** A whole number ≥ 0, as number or text, also with a unit behind it (`8000Hz`, `128kbps`). */
export function countOf(value: unknown): number | undefined {
  const raw = lastOf(value)
  const n =
    typeof raw === 'string' ? Number(/^\s*(\d{1,16})(?:\.\d*)?\s*[a-z]*\s*$/i.exec(raw)?.[1]) : raw
  if (typeof n !== 'number' || !Number.isFinite(n) || n < 0) return undefined
  const whole = Math.floor(n)
  return Number.isSafeInteger(whole) ? whole : undefined
}

/** A field that came twice: the last one counts, as JSON parsers have it. */
function lastOf(value: unknown): unknown {
  return Array.isArray(value) ? (value as unknown[]).at(-1) : value
}
