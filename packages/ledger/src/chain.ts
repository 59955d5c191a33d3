import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'

/** What a commit covers. `data` is the event's data as it was published. */
export type CommittedContent = {
  id: string
  callId: string
  seq: number
  type: string
  /** ISO 8601 UTC with milliseconds. */
  at: string
  data: unknown
}

/** RFC 8785 text. Throws for what JSON cannot say (NaN, a lone surrogate, a cycle). */
export function canonicalText(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('there is no JSON for that')
  return text
}

/** hash₀ of a call, lower-case hex: where its chain begins. */
export function genesisHash(callId: string): string {
  return createHash('sha256').update(`callwire:1:${callId}`).digest('hex')
}

/**
 * The commit of an event, lower-case hex: SHA-256 of the 16 raw bytes of `salt` (base64url) and the
 * RFC 8785 text of its content. It proves the content to whoever holds both, and hides it when the
 * salt is gone.
 */
export function commitOf(event: CommittedContent & { salt: string }): string {
  const { id, callId, seq, type, at, data } = event
  return createHash('sha256')
    .update(Buffer.from(event.salt, 'base64url'))
    .update(canonicalText({ id, callId, seq, type, at, data }))
    .digest('hex')
}

/** hashₙ from hashₙ₋₁ and commitₙ, all lower-case hex: SHA-256 over their raw bytes, joined. */
export function nextHash(previous: string, commit: string): string {
  return createHash('sha256')
    .update(Buffer.from(previous, 'hex'))
    .update(Buffer.from(commit, 'hex'))
    .digest('hex')
}
