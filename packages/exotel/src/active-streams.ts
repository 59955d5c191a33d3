import { xmlText } from './answer.ts'
import { countOf, pick } from './fields.ts'

/** Media streams of an account: open now, and the most it may have; null where that is not told. */
export type ActiveStreams = { active: number; limit: number | null }

/**
 * Reads the answer in each form that was seen: XML (`ActiveStreamCount`, `ThrottleLimit`), the same
 * as JSON, and an older JSON with `active_streams` and `max_allowed_streams`. Null when it is none.
 */
export function parseActiveStreams(json: unknown, text: string): ActiveStreams | null {
  const root = pick(json, 'TwilioResponse') ?? pick(json, 'response') ?? json
  const stream = pick(root, 'Stream') ?? root
  const active =
    countOf(pick(stream, 'ActiveStreamCount', 'active_streams')) ??
    countOf(xmlText(text, 'ActiveStreamCount'))
  if (active === undefined) return null
  const limit =
    countOf(pick(stream, 'ThrottleLimit', 'max_allowed_streams')) ??
    countOf(xmlText(text, 'ThrottleLimit'))
  return { active, limit: limit ?? null }
}
