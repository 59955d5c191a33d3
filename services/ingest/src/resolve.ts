import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { sha256Hex } from '@callwire/crypto'
import { streamTokens, type Database } from '@callwire/db'
import type { IngestContext } from './context.ts'
import { callIdsIn, readCall } from './find-call.ts'

/** Exotel opens the socket within seconds of asking; the rest is for a slow handshake and its retry. */
const TOKEN_LIFE_MS = 5 * 60_000
const TOKEN_BYTES = 24

export type ResolveDeps = Pick<IngestContext, 'database' | 'clock' | 'random' | 'publicUrl'>

/**
 * Answers Exotel's dynamic endpoint: the address of a media socket for the call that
 * `fields` names (`CallSid`, or our id in `CustomField`), or for an inbound call on the phone when
 * it is none of ours. Null when the phone's token is unknown.
 *
 * @throws DbError
 */
export async function resolveMediaUrl(
  deps: ResolveDeps,
  o: { phoneToken: string; fields: Readonly<Record<string, string>> },
): Promise<string | null> {
  const { database, clock, random } = deps
  const phone = await database.finder.phoneByTokenHash(sha256Hex(o.phoneToken))
  if (phone === null) return null
  const { tenantId, phoneId } = phone
  const callId = await findCallOfPhone(database, phone, o.fields)
  const token = random(TOKEN_BYTES).toString('base64url')
  const nowMs = clock.now()
  await database.withTenant(tenantId, (tx) =>
    tx.insert(streamTokens).values({
      tenantId,
      id: newId('token', { nowMs, random: random(ID_RANDOM_BYTES) }),
      tokenHash: sha256Hex(token),
      callId,
      phoneId,
      expiresAt: new Date(nowMs + TOKEN_LIFE_MS),
    }),
  )
  return mediaUrl(deps.publicUrl, token)
}

/** `http` becomes `ws`, `https` becomes `wss`; a path of the public origin's stays in front. */
export function mediaUrl(publicUrl: string, token: string): string {
  const { protocol, host, pathname } = new URL(publicUrl)
  const scheme = protocol === 'https:' ? 'wss' : 'ws'
  return `${scheme}://${host}${pathname.replace(/\/+$/, '')}/v1/ingest/t/${token}`
}

async function findCallOfPhone(
  database: Database,
  { tenantId, phoneId }: { tenantId: string; phoneId: string },
  fields: Readonly<Record<string, string>>,
): Promise<string | null> {
  const { CallSid: sid = '', CustomField: custom = '' } = fields
  const bySid = sid === '' ? null : await database.finder.callBySid(sid)
  const candidates = [
    ...(bySid?.tenantId === tenantId ? [bySid.callId] : []),
    ...callIdsIn({ custom }),
  ]
  for (const id of candidates) {
    const call = await readCall(database, tenantId, id)
    if (call?.phoneId === phoneId) return id
  }
  return null
}
