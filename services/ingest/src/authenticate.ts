import { constantTimeEqual, sha256Hex } from '@callwire/crypto'
import { phones, streamTokens, type Database } from '@callwire/db'
import type { Tokens } from '@callwire/accounts'
import { and, eq, isNull } from 'drizzle-orm'
import type { Admission } from './admission.ts'
import type { Presented } from './credentials.ts'
import { readCall } from './find-call.ts'

export type AuthenticateDeps = {
  database: Database
  tokens: Pick<Tokens, 'verifyIngest'>
  /** Whether a peer on the allow-list needs no credentials. */
  admitsByAddress: boolean
}

/**
 * Who opens this socket, or null when the credentials are wrong or missing. The peer's address
 * has passed the allow-list before.
 *
 * @throws DbError when that cannot be known now
 */
export async function authenticate(
  deps: AuthenticateDeps,
  presented: Presented,
): Promise<Admission | null> {
  switch (presented.kind) {
    case 'path-token':
      return byPathToken(deps.database, presented.token)
    case 'basic':
      return byPhoneKey(deps.database, presented)
    case 'bearer':
      return byJwt(deps, presented.token)
    case 'none':
      return deps.admitsByAddress ? { kind: 'address' } : null
    case 'malformed':
      return null
  }
}

/** The finder knows none that was burnt or has expired; `start` burns it once and for all. */
async function byPathToken(database: Database, token: string): Promise<Admission | null> {
  const found = await database.finder.streamTokenByHash(sha256Hex(token))
  if (found === null) return null
  const { tenantId, id } = found
  const [row] = await database.withTenant(tenantId, (tx) =>
    tx
      .select({ callId: streamTokens.callId, phoneId: streamTokens.phoneId })
      .from(streamTokens)
      .where(and(eq(streamTokens.tenantId, tenantId), eq(streamTokens.id, id)))
      .limit(1),
  )
  if (row === undefined) return null
  return row.callId === null
    ? { kind: 'phone', tenantId, phoneId: row.phoneId, tokenId: id }
    : { kind: 'call', tenantId, callId: row.callId, tokenId: id }
}

/** Compared with when there is no such key, so that both cases do the same work. */
const noHash = '0'.repeat(64)

async function byPhoneKey(
  database: Database,
  { key, token }: { key: string; token: string },
): Promise<Admission | null> {
  const found = await database.finder.phoneByIngestKey(key)
  const phone = found === null ? null : await readPhone(database, found.tenantId, found.phoneId)
  const matches = constantTimeEqual(sha256Hex(token), phone?.ingestTokenHash ?? noHash)
  return phone === null || !matches ? null : admitPhone(phone)
}

async function byJwt(
  { database, tokens }: AuthenticateDeps,
  token: string,
): Promise<Admission | null> {
  const claims = await tokens.verifyIngest(token)
  if (claims === null) return null
  const { tenantId, id } = claims
  if (claims.kind === 'phone') {
    const phone = await readPhone(database, tenantId, id)
    return phone === null ? null : admitPhone(phone)
  }
  const call = await readCall(database, tenantId, id)
  return call === null ? null : { kind: 'call', tenantId, callId: id, tokenId: null }
}

function admitPhone({ tenantId, id }: { tenantId: string; id: string }): Admission {
  return { kind: 'phone', tenantId, phoneId: id, tokenId: null }
}

async function readPhone(database: Database, tenantId: string, phoneId: string) {
  const [row] = await database.withTenant(tenantId, (tx) =>
    tx
      .select({
        tenantId: phones.tenantId,
        id: phones.id,
        ingestTokenHash: phones.ingestTokenHash,
      })
      .from(phones)
      .where(and(eq(phones.tenantId, tenantId), eq(phones.id, phoneId), isNull(phones.deletedAt)))
      .limit(1),
  )
  return row ?? null
}
