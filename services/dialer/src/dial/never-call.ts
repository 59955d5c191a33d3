import { statement, type Tx } from '@callwire/db'
import { personIndex } from '@callwire/keyring'
import { sql } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'
import type { CallView } from './view-call.ts'

const findListed = statement<{ tenantId: string; indexes: string[] }, { listed: boolean }>(
  'never_call_listed',
  sql`
  select exists (select from never_call n
    where n.tenant_id = ${sql.placeholder('tenantId')}::text
      and n.person_index = any (${sql.placeholder('indexes')}::text[])
      and (n.expires_at is null or n.expires_at > now())) as listed`,
)

/**
 * Whether the person of a call is on its tenant's never-call list. While keys change, list and call
 * may be indexed under different ones: then the number is looked up under every other key as well.
 */
export async function isListed(
  tx: Tx,
  d: Pick<DialerDeps, 'contentRing'>,
  { view, person }: { view: CallView; person: string | null },
): Promise<boolean> {
  const { call, neverCall } = view
  if (neverCall.listed) return true
  if (!neverCall.anybody || person === null) return false
  const indexes = personIndex(d.contentRing, call.tenantId, person).filter(
    (index) => index !== call.personIndex,
  )
  if (indexes.length === 0) return false
  const [found] = await findListed(tx, { tenantId: call.tenantId, indexes })
  return found?.listed ?? false
}
