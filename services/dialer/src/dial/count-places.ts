import { statement } from '@callwire/db'
import type { CallRow, LedgerWork } from '@callwire/ledger'
import { sql } from 'drizzle-orm'
import { LONGEST_LINE, type Places, type TenantCaps } from './decide-cap.ts'

type Wanted = {
  tenantId: string
  phoneId: string
  accountSid: string
  /** Which caps are set; the others' calls are not counted. */
  tenant: boolean
  phone: boolean
  account: boolean
}

/** Always in this order, so that nobody waits for whoever waits for them. */
const lockPlaces = statement<Wanted, never>(
  'lock_places',
  sql`
  select pg_advisory_xact_lock(hashtextextended(scope.name, 0))
  from (values
    (1, ${sql.placeholder('tenant')}::boolean, 'places:' || ${sql.placeholder('tenantId')}::text),
    (2, ${sql.placeholder('phone')}::boolean, 'places:' || ${sql.placeholder('phoneId')}::text),
    (3, ${sql.placeholder('account')}::boolean, 'places:account:' || ${sql.placeholder('accountSid')}::text)
  ) as scope (turn, wanted, name)
  where scope.wanted
  order by scope.turn`,
)

type Counted = {
  tenantLive: number
  phoneLive: number
  accountLive: number
  tenantLine: number
  phoneLine: number
}

const countPlacesNow = statement<Wanted & { most: number }, Counted>(
  'count_places',
  sql`
  select live.tenant as "tenantLive", live.phone as "phoneLive",
    case when ${sql.placeholder('account')}::boolean
      then finder.account_live_calls(${sql.placeholder('accountSid')}::text) else 0
    end as "accountLive",
    (select count(*)::integer from (
      select from calls w where w.tenant_id = ${sql.placeholder('tenantId')}::text
        and w.status = 'queued' and w.reason_code = 'waiting_for_cap'
      limit ${sql.placeholder('most')}::integer) l) as "tenantLine",
    (select count(*)::integer from (
      select from calls w where w.tenant_id = ${sql.placeholder('tenantId')}::text
        and w.phone_id = ${sql.placeholder('phoneId')}::text
        and w.status = 'queued' and w.reason_code = 'waiting_for_cap'
      limit ${sql.placeholder('most')}::integer) l) as "phoneLine"
  from (
    select count(*)::integer as tenant,
      (count(*) filter (where c.phone_id = ${sql.placeholder('phoneId')}::text))::integer as phone
    from calls c
    where c.tenant_id = ${sql.placeholder('tenantId')}::text
      and c.status in ('dialing', 'unknown', 'ringing', 'in-progress')
      and c.reason_code is distinct from 'needs_review'
  ) live`,
)

/**
 * Counts what stands under a tenant's caps, for a call whose head is locked. Until the transaction
 * ends nobody else counts under the same caps, so a place that is free now is free for this call.
 * Calls that come in count as well: somebody has to answer them, too. Null when no cap is set.
 */
export async function countPlaces(
  w: LedgerWork,
  call: CallRow,
  o: { caps: TenantCaps; accountSid: string },
): Promise<Places | null> {
  const { tenant, phone, account } = o.caps
  if (tenant === null && phone === null && account === null) return null
  const wanted: Wanted = {
    tenantId: w.tenantId,
    phoneId: call.phoneId,
    accountSid: o.accountSid,
    tenant: tenant !== null,
    phone: phone !== null,
    account: account !== null,
  }
  await lockPlaces(w.tx, wanted)
  // A statement of its own: it has to see what whoever held the lock has committed.
  const [counted] = await countPlacesNow(w.tx, { ...wanted, most: LONGEST_LINE })
  if (counted === undefined) throw new TypeError('nothing was counted')
  const inLine = call.reasonCode === 'waiting_for_cap'
  return {
    live: { tenant: counted.tenantLive, phone: counted.phoneLive, account: counted.accountLive },
    // A call does not stand in its own way.
    line: {
      tenant: counted.tenantLine - Number(inLine),
      phone: counted.phoneLine - Number(inLine),
    },
    inLine,
  }
}
