/** A bag of values from outside, as JSON or a form gave it. */
export type Fields = Record<string, unknown>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Of each object that was looked into: its keys by their plain names, and their places. */
const spellings = new WeakMap<Fields, ReadonlyMap<string, { key: string; place: number }>>()

/**
 * A field under any of its spellings: Exotel's own pages disagree on case and on underscores, so
 * `CallSid`, `callsid`, `call_sid` and `Call-Sid` are one name. An object that was looked into keeps
 * its keys: what is added later may not be found.
 */
export function pick(fields: unknown, ...names: string[]): unknown {
  if (!isFields(fields)) return undefined
  for (const name of names) {
    if (Object.hasOwn(fields, name)) return fields[name]
  }
  let first: { key: string; place: number } | undefined
  for (const name of names) {
    const found = spellingsOf(fields).get(plain(name))
    if (found !== undefined && (first === undefined || found.place < first.place)) first = found
  }
  return first === undefined ? undefined : fields[first.key]
}

/** Made once: a message is asked for a dozen fields, most of which it may not have. */
function spellingsOf(fields: Fields): ReadonlyMap<string, { key: string; place: number }> {
  const known = spellings.get(fields)
  if (known !== undefined) return known
  const found = new Map<string, { key: string; place: number }>()
  for (const [place, key] of Object.keys(fields).entries()) {
    const name = plain(key)
    if (!found.has(name)) found.set(name, { key, place })
  }
  spellings.set(fields, found)
  return found
}

/** All values of a field that came twice, or under two spellings. */
export function pickEvery(fields: Fields, name: string): unknown[] {
  return Object.entries(fields)
    .filter(([spelled]) => isNamed(spelled, name))
    .flatMap(([, value]) => value)
}

/** Whether a field's name is this one, however it is spelled. */
export function isNamed(spelled: string, name: string): boolean {
  return plain(spelled) === plain(name)
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[_\-\s\ufeff]/g, '')
}

/**
 * Text with something in it: `null`, the word `null` and blanks count as absent. What no database
 * keeps, half a surrogate pair or NUL, is mended.
 */
export function textOf(value: unknown, maxLength = 512): string | undefined {
  const raw = typeof value === 'number' ? String(value) : lastOf(value)
  if (typeof raw !== 'string') return undefined
  const text = storable(raw)
    .replace(/^\ufeff/, '')
    .trim()
  const absent = text === '' || text.toLowerCase() === 'null' || text.length > maxLength
  return absent ? undefined : text
}

/** Text as UTF-8 and Postgres can hold it. */
export function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
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

/** No call that Exotel makes lasts for longer: more is a time of day, or some other mistake. */
const MOST_SECONDS = 86_400

/** How long something of a call took; what cannot be is as good as nothing. */
export function secondsOf(value: unknown): number | undefined {
  const seconds = countOf(value)
  return seconds === undefined || seconds > MOST_SECONDS ? undefined : seconds
}

/** Exotel's own words are five levels deep; whoever nests deeper has something else in mind. */
const MOST_LEVELS = 16

/** Whether a value nests no deeper than may be: what walks it afterwards calls itself at each level. */
export function isShallow(value: unknown): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; depth <= MOST_LEVELS; depth += 1) {
    level = level.flatMap((one) =>
      typeof one === 'object' && one !== null ? (Object.values(one) as unknown[]) : [],
    )
    if (level.length === 0) return true
  }
  return false
}

/** A field that came twice: the last one counts, as JSON parsers have it. */
function lastOf(value: unknown): unknown {
  return Array.isArray(value) ? (value as unknown[]).at(-1) : value
}
