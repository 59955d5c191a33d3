import { createHash } from 'node:crypto'
import type { CallEvent } from '@callwire/contracts'

/**
 * Checks a call's events as a consumer would that has only the published description: gapless seq, and the
 * chain of hashes. It shares no code with what wrote them. Gives the first problem, or null.
 *
 * @param o.erased - types whose events may have been erased down to their commits
 */
export function chainProblem(
  callId: string,
  events: readonly CallEvent[],
  o: { erased?: readonly string[] } = {},
): string | null {
  let hash = sha256(`callwire:1:${callId}`)
  for (const [i, event] of events.entries()) {
    if (event.seq !== i + 1) return `seq ${String(event.seq)} at place ${String(i + 1)}`
    if (event.data === null && o.erased?.includes(event.type) !== true) {
      return 'an erased event where none is expected'
    }
    hash = sha256(Buffer.concat([hash, commitOf(callId, event)]))
    if (hash.toString('hex') !== event.hash) return `hash of seq ${String(event.seq)}`
  }
  return null
}

function commitOf(callId: string, event: CallEvent): Buffer {
  if (event.data === null) return Buffer.from(event.commit, 'hex')
  const { id, seq, type, at, data, salt } = event
  const content = canonical({ id, callId, seq, type, at, data })
  return sha256(Buffer.concat([Buffer.from(salt, 'base64url'), Buffer.from(content)]))
}

function sha256(bytes: string | Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}

/** RFC 8785 for what events hold: keys in order of their UTF-16 units, JSON's own numbers and strings. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`
}
