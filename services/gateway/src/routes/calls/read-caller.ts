import type { CallingHours } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ApiError, notFound } from '../../http/api-error.ts'

/** The phone that a call is to be placed from, and what its tenant says about calls. */
export type Caller = {
  id: string
  number: string
  country: string
  agentId: string | null
  deletedAt: Date | null
  hasAccount: boolean
  callingHours: CallingHours | null
}

/**
 * Also a deleted phone: a request that is repeated after the deletion gets its first answer, which
 * takes the phone's country to understand.
 *
 * @throws ApiError `not_found` when this tenant never had such a phone
 */
export async function readCaller(
  database: Pick<Database, 'reader'>,
  tenantId: string,
  phoneId: string,
): Promise<Caller> {
  const row = await database.reader.caller({ tenantId, phoneId })
  if (row === null) throw notFound('phone')
  return {
    id: phoneId,
    number: row.number,
    country: row.country,
    agentId: row.agent_id,
    deletedAt: row.deleted_at,
    hasAccount: row.has_account,
    callingHours: row.calling_hours,
  }
}

/**
 * Why this phone can place no call now, or null. The install's own account serves phones without
 * one as long as there is one tenant.
 */
export async function whyNotReady(
  deps: { database: Pick<Database, 'finder'>; globalFallback: boolean },
  caller: Caller,
): Promise<ApiError | null> {
  if (caller.deletedAt !== null) return notFound('phone')
  if (caller.agentId === null) {
    return new ApiError('no_agent_assigned', 'No agent assigned to this phone number')
  }
  if (caller.hasAccount) return null
  if (deps.globalFallback && (await deps.database.finder.tenantCount()) === 1) return null
  return new ApiError('no_credentials', 'No Exotel credentials found for this phone number')
}
