import { createHash } from 'node:crypto'

/** More texts than this are made by lists of many lengths: those are not worth remembering. */
const MOST_NAMED = 400
const MOST_SEEN = 2_000

/**
 * A name for each text of a statement that comes again: under it a connection has the statement
 * parsed once, and PostgreSQL keeps its plan. A text that came only once gets none.
 */
export function createStatementNames(): (text: string) => string | undefined {
  const names = new Map<string, string>()
  const seen = new Set<string>()
  return (text) => {
    const known = names.get(text)
    if (known !== undefined) return known
    if (!seen.has(text)) {
      if (seen.size >= MOST_SEEN) seen.clear()
      seen.add(text)
      return undefined
    }
    if (names.size >= MOST_NAMED) return undefined
    // The same text has the same name in all processes: whoever reads the server's list sees that.
    const name = `cw_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`
    names.set(text, name)
    return name
  }
}
