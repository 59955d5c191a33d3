import { openContent, sha256Hex, type ContentRing } from '@callwire/crypto'
import type { callbackInbox } from '@callwire/db'
import { parsePassthru, parseStatusCallback, type Passthru } from '@callwire/exotel'
import { sealContexts } from '@callwire/keyring'
import { z } from 'zod'
import type { News } from './decide-callback.ts'
import { legsOf } from './legs.ts'

/** What stands in the inbox, as the webhook sealed it. */
const bodySchema = z.object({
  /** A status callback, or the query of a flow's Passthru applet. */
  kind: z.enum(['status', 'passthru']).default('status'),
  contentType: z.string(),
  fields: z.record(z.string(), z.unknown()),
})
type Body = z.infer<typeof bodySchema>

export type InboxRow = Pick<typeof callbackInbox.$inferSelect, 'id' | 'bodySealed'>

export type ReadCallback =
  | { kind: 'unreadable' }
  | { kind: 'invalid' }
  | {
      kind: 'news'
      news: News
      /** The same for every callback that says the same of the same: SHA-256, hex. */
      hash: string
      /** What became of a flow's media stream. */
      stream: Passthru['stream'] | undefined
    }

/** Opens and reads one row of the inbox. Never throws: what cannot be read stays what it is. */
export function readCallback(ring: ContentRing, tenantId: string, row: InboxRow): ReadCallback {
  const body = openBody(ring, tenantId, row)
  if (body === null) return { kind: 'unreadable' }
  return body.kind === 'passthru' ? fromPassthru(body) : fromStatus(body)
}

function openBody(ring: ContentRing, tenantId: string, row: InboxRow): Body | null {
  try {
    const context = sealContexts.callbackBody(tenantId, row.id)
    const text = openContent(ring, context, row.bodySealed).toString('utf8')
    return bodySchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

function fromStatus(body: Body): ReadCallback {
  const parsed = parseStatusCallback(body.contentType, body.fields)
  if (parsed.kind === 'invalid') return { kind: 'invalid' }
  const { callSid: sid, status, eventType, durationSeconds, recordingUrl, legs } = parsed.callback
  return {
    kind: 'news',
    news: { sid, status, durationSeconds, recordingUrl, legs: legsOf(legs) },
    hash: hashOf(sid, eventType ?? '', status ?? ''),
    stream: undefined,
  }
}

function fromPassthru(body: Body): ReadCallback {
  const told = parsePassthru(body.fields)
  if (told === null) return { kind: 'invalid' }
  const { callSid: sid, status, recordingUrl, legs, stream } = told
  return {
    kind: 'news',
    news: { sid, status, recordingUrl, legs: legsOf(legs) },
    hash: hashOf(sid, 'passthru', status),
    stream,
  }
}

function hashOf(sid: string, event: string, status: string): string {
  return sha256Hex(JSON.stringify([sid, event, status]))
}
