import { permissionsOf, permissionSchema, type Permission } from '@callwire/contracts'
import { sha256Hex } from '@callwire/crypto'
import { apiKeys, sessions, users, type Database, type Found } from '@callwire/db'
import type { Clock } from '@callwire/runtime'
import { and, eq, gt, isNull, lt, or } from 'drizzle-orm'
import type { KeyIds } from './key-ids.ts'
import { isApiKey } from './mint.ts'
import type { ApiKeyPrincipal, Principal, UserPrincipal } from './principal.ts'
import type { Tokens } from './tokens.ts'

export type AuthenticateDeps = {
  database: Pick<Database, 'withTenant' | 'reader' | 'finder'>
  tokens: Pick<Tokens, 'verifySession'>
  clock: Pick<Clock, 'now'>
  /** Whether to note when a key was used; the login needs the right to write it. */
  recordUse?: boolean
  /** Where given, a key is looked for across tenants once. */
  keyIds?: KeyIds
}

/** The time of a key's last use is kept to the minute: a write per request would cost more than it tells. */
const USE_NOTED_EVERY_MS = 60_000

/**
 * Who a bearer token belongs to: a session's JWT or an API key, checked against Postgres, so that a
 * revoked key, an ended session and a disabled user are nobody at once. Null for any other token.
 * Throws DbError `unavailable` when it cannot be known now.
 */
export function authenticateBearer(
  deps: AuthenticateDeps,
  token: string,
): Promise<Principal | null> {
  return isApiKey(token) ? byApiKey(deps, token) : bySession(deps, token)
}

async function byApiKey(deps: AuthenticateDeps, token: string): Promise<ApiKeyPrincipal | null> {
  const hash = sha256Hex(token)
  const found = deps.keyIds?.get(hash) ?? (await deps.database.finder.apiKeyByHash(hash))
  if (found === null) return null
  deps.keyIds?.set(hash, found)
  const { tenantId, id } = found
  const key = await keyOf(deps, found)
  if (key === null) return null
  // A scope that this version does not know grants nothing.
  const scopes = key.scopes.filter(isPermission)
  return {
    kind: 'api_key',
    tenantId,
    id,
    sessionId: null,
    role: 'api',
    permissions: new Set(scopes),
    mustChangePassword: false,
  }
}

const permissions: ReadonlySet<string> = new Set(permissionSchema.options)

function isPermission(scope: string): scope is Permission {
  return permissions.has(scope)
}

/** The key unless it was revoked, with a note of its use where one is due. */
async function keyOf(
  { database, clock, recordUse, keyIds }: AuthenticateDeps,
  { tenantId, id }: Found,
): Promise<{ scopes: string[] } | null> {
  const key = await database.reader.apiKey({ tenantId, id })
  if (key === null || recordUse !== true) return key
  const now = clock.now()
  const noted = new Date(now - USE_NOTED_EVERY_MS)
  if ((key.last_used_at ?? 0) >= noted || keyIds?.mayNote(id, now) === false) return key
  await database.withTenant(tenantId, (tx) =>
    tx
      .update(apiKeys)
      .set({ lastUsedAt: new Date(now) })
      .where(
        and(eq(apiKeys.id, id), or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, noted))),
      ),
  )
  return key
}

async function bySession(deps: AuthenticateDeps, token: string): Promise<UserPrincipal | null> {
  const claims = await deps.tokens.verifySession(token)
  if (claims === null) return null
  const { tenantId, userId, sessionId } = claims
  const [user] = await deps.database.withTenant(tenantId, (tx) =>
    tx
      .select({ role: users.role, mustChangePassword: users.mustChangePassword })
      .from(sessions)
      .innerJoin(users, and(eq(users.tenantId, sessions.tenantId), eq(users.id, sessions.userId)))
      .where(
        and(
          eq(sessions.id, sessionId),
          eq(sessions.userId, userId),
          isNull(sessions.revokedAt),
          gt(sessions.expiresAt, new Date(deps.clock.now())),
          eq(users.status, 'active'),
        ),
      ),
  )
  if (user === undefined) return null
  return {
    kind: 'user',
    tenantId,
    id: userId,
    sessionId,
    role: user.role,
    permissions: permissionsOf(user.role),
    mustChangePassword: user.mustChangePassword,
  }
}
