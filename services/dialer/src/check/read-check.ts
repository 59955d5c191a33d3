import type { CheckJob } from '@callwire/contracts'
import { phoneChecks, phones, type Tx } from '@callwire/db'
import { and, eq, isNull, sql } from 'drizzle-orm'
import { recordRequest, type TakenRequest } from '../account/account-budget.ts'
import { auditOpening } from '../account/audit-opening.ts'
import { readPhoneAccount, type PhoneAccount } from '../account/phone-account.ts'
import type { DialerDeps } from '../deps.ts'

type Deps = Pick<DialerDeps, 'database' | 'globalAccount' | 'clock' | 'random'>

/** A check that waits for its answer, and the account it is about; no seal is opened. */
export type PendingCheck = {
  phoneId: string
  /** Since it was asked for, by the database's clock, which is the asker's too. */
  ageMs: number
  hasPhone: boolean
  account: PhoneAccount | null
}

/** Null when the check is gone or was answered. */
export function readCheck(
  d: Pick<Deps, 'database' | 'globalAccount'>,
  job: CheckJob,
): Promise<PendingCheck | null> {
  return d.database.withTenant(job.tenantId, (tx) => pendingCheck(tx, d, job))
}

/**
 * Writes down that the account is asked, and opened, for this check. Null when it is no more the
 * account that it was.
 */
export async function beginCheck(
  d: Deps,
  job: CheckJob,
  request: TakenRequest,
): Promise<{ phoneId: string; account: PhoneAccount } | null> {
  const { tenantId, checkId } = job
  return d.database.withTenant(tenantId, async (tx) => {
    const check = await pendingCheck(tx, d, job)
    if (check === null || !check.hasPhone || check.account?.sid !== request.accountSid) return null
    const { phoneId, account } = check
    await recordRequest(tx, request)
    const opening = { purpose: 'check', checkId } as const
    await auditOpening(tx, d, { tenantId, phoneId, opening, account })
    return { phoneId, account }
  })
}

async function pendingCheck(
  tx: Tx,
  d: Pick<Deps, 'globalAccount'>,
  { tenantId, checkId }: CheckJob,
): Promise<PendingCheck | null> {
  const [check] = await tx
    .select({
      phoneId: phoneChecks.phoneId,
      ageMs: sql<number>`(extract(epoch from now() - ${phoneChecks.createdAt}) * 1000)::integer`,
    })
    .from(phoneChecks)
    .where(
      and(
        eq(phoneChecks.tenantId, tenantId),
        eq(phoneChecks.id, checkId),
        eq(phoneChecks.state, 'pending'),
      ),
    )
  if (check === undefined) return null
  const { phoneId } = check
  const found = await tx
    .select({ id: phones.id })
    .from(phones)
    .where(and(eq(phones.tenantId, tenantId), eq(phones.id, phoneId), isNull(phones.deletedAt)))
  const account = await readPhoneAccount(tx, d, { tenantId, phoneId })
  return { ...check, hasPhone: found.length > 0, account }
}
