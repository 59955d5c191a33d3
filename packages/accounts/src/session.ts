import type { Role } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import type { Clock, Random } from '@callwire/runtime'
import type { Tokens } from './tokens.ts'

/** A session that nobody refreshes for this long is over. */
export const SESSION_IDLE_MS = 14 * 24 * 3_600_000

export type SessionDeps = {
  database: Pick<Database, 'withTenant' | 'finder'>
  tokens: Pick<Tokens, 'signSession'>
  clock: Pick<Clock, 'now'>
  random: Random
}

/** What a person gets at sign-in and at each refresh. */
export type SessionGrant = {
  sessionId: string
  accessToken: string
  refreshToken: string
  /** Seconds that the access token holds. */
  expiresIn: number
  user: { id: string; email: string; role: Role; tenantId: string }
  mustChangePassword: boolean
}

type Account = {
  tenantId: string
  userId: string
  email: string
  role: Role
  mustChangePassword: boolean
}

export async function grantSession(
  deps: Pick<SessionDeps, 'tokens'>,
  o: { account: Account; sessionId: string; refreshToken: string },
): Promise<SessionGrant> {
  const { account, sessionId, refreshToken } = o
  const { tenantId, userId, role, email } = account
  const access = await deps.tokens.signSession({ userId, tenantId, role, sessionId })
  return {
    sessionId,
    accessToken: access.token,
    refreshToken,
    expiresIn: access.expiresIn,
    user: { id: userId, email, role, tenantId },
    mustChangePassword: account.mustChangePassword,
  }
}
