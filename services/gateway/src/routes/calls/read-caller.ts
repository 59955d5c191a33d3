import type { CallingHours } from '@callwire/contracts'
import { phoneCredentials, phones, statement, tenants, type Database } from '@callwire/db'
import { sql } from 'drizzle-orm'
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
 */
const callers = statement<{ tenantId: string; phoneId: string }, Caller>(
  'place_call_caller',
  sql`select p.id, p.number, p.country, p.agent_id as "agentId", p.deleted_at as "deletedAt",
      c.phone_id is not null as "hasAccount", t.calling_hours as "callingHours"
    from ${phones} p
    join ${tenants} t on t.tenant_id = p.tenant_id
    left join ${phoneCredentials} c on c.tenant_id = p.tenant_id and c.phone_id = p.id
    where p.tenant_id = ${sql.placeholder('tenantId')} and p.id = ${sql.placeholder('phoneId')}`,
)

/** @throws ApiError `not_found` when this tenant never had such a phone */
export async function readCaller(
  database: Pick<Database, 'read'>,
  tenantId: string,
  phoneId: string,
): Promise<Caller> {
  const [caller] = await database.read(tenantId, callers.with({ tenantId, phoneId }))
  if (caller === undefined) throw notFound('phone')
  return caller
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
