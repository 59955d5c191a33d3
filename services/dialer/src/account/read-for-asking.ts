import type { TakeOptions } from '@callwire/bus'
import { calls, phones, type Tx } from '@callwire/db'
import type { ExotelAccount } from '@callwire/exotel'
import { loadCall, type CallRow } from '@callwire/ledger'
import { and, eq, isNull } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'
import { targetOf, type AgentTarget } from '../dial/view-call.ts'
import { raiseAlertOnce } from '../raise-alert.ts'
import { recordRequest, type TakenRequest } from './account-budget.ts'
import { auditOpening } from './audit-opening.ts'
import { isDialedGlobally } from './global-credentials.ts'
import { integrityAlert } from './integrity-alert.ts'
import { globalOf, openAccount, readOwnAccount, type PhoneAccount } from './phone-account.ts'

/** A call that may be asked about, and the account whose budget that costs; no seal is opened. */
export type Askable = { call: CallRow; accountSid: string | null; host: string | null }

type Deps = Pick<
  DialerDeps,
  | 'database'
  | 'ledger'
  | 'credentialRing'
  | 'globalAccount'
  | 'clock'
  | 'random'
  | 'log'
  | 'metrics'
>

export async function readAskable(
  d: Pick<Deps, 'database' | 'globalAccount'>,
  o: { tenantId: string; callId: string },
): Promise<Askable | null> {
  return d.database.withTenant(o.tenantId, async (tx) => {
    const call = await loadCall(tx, o.callId)
    if (call === null) return null
    const account = await accountOfCall(tx, d, call)
    if (account === null) return { call, accountSid: null, host: null }
    const host = account.kind === 'own' ? account.stored.subdomain : (d.globalAccount?.host ?? null)
    return { call, accountSid: account.sid, host }
  })
}

/** What it takes to ask Exotel about a call. */
export type Asking = {
  call: CallRow
  phoneNumber: string
  agent: AgentTarget | null
  /** Null when there are no credentials, or their seals do not open. */
  account: ExotelAccount | null
}

/**
 * Takes a request from the account's budget for a question about a call, if the call has an account;
 * false when there is none to be had now, and for how long that will be so.
 */
export async function takeForAsking(
  d: Pick<DialerDeps, 'budget'>,
  { accountSid }: Askable,
  o?: TakeOptions,
): Promise<{ ok: true; request: TakenRequest | null } | { ok: false; retryAfterMs: number }> {
  if (accountSid === null) return { ok: true, request: null }
  const take = await d.budget.take(accountSid, o)
  if (!take.ok) return { ok: false, retryAfterMs: take.retryAfterMs }
  return { ok: true, request: { accountSid, id: take.id } }
}

/**
 * Claims the next question about a call, so that no other dialer asks the same, and opens what it
 * takes to ask; the request and the opening are written down first. Null when somebody was faster, or the phone is gone.
 */
export async function claimAsking(
  d: Deps,
  call: CallRow,
  o: { purpose: 'reconcile' | 'poll'; request: TakenRequest | null },
): Promise<Asking | null> {
  const { purpose, request } = o
  const { tenantId, id: callId, phoneId, heardAt } = call
  const found = await d.database.withTenant(tenantId, async (tx) => {
    const claimed = await tx
      .update(calls)
      .set({ heardAt: new Date(d.clock.now()) })
      .where(
        and(
          eq(calls.tenantId, tenantId),
          eq(calls.id, callId),
          eq(calls.status, call.status),
          heardAt === null ? isNull(calls.heardAt) : eq(calls.heardAt, heardAt),
        ),
      )
      .returning({ id: calls.id })
    if (claimed.length === 0) return null
    const [phone] = await tx
      .select({ number: phones.number, agentId: phones.agentId })
      .from(phones)
      .where(and(eq(phones.tenantId, tenantId), eq(phones.id, phoneId)))
    if (phone === undefined) return null
    const stored = await accountOfCall(tx, d, call)
    // Replaced in this very moment: that one's budget has given nothing.
    if (stored?.sid !== request?.accountSid) return null
    if (stored !== null && request !== null) {
      await recordRequest(tx, request)
      const opening = { purpose, callId }
      await auditOpening(tx, d, { tenantId, phoneId, opening, account: stored })
    }
    const agent = await targetOf(tx, tenantId, call.agentId ?? phone.agentId)
    return { call, phoneNumber: phone.number, agent, stored }
  })
  if (found === null) return null
  const { stored, ...rest } = found
  if (stored === null) return { ...rest, account: null }
  const account = openAccount(d, { tenantId, phoneId }, stored)
  if (account === null) {
    await d.ledger.transact(tenantId, callId, (w) => raiseAlertOnce(d, w, integrityAlert))
  }
  return { ...rest, account }
}

/**
 * The account that dialed a call, as far as it is still here: nobody else knows of the call. One
 * that took its place answers for other calls, and its list is no reason to believe anything.
 */
async function accountOfCall(
  tx: Tx,
  d: Pick<Deps, 'globalAccount'>,
  { tenantId, id: callId, phoneId, accountSid }: CallRow,
): Promise<PhoneAccount | null> {
  const account = (await isDialedGlobally(tx, { tenantId, callId }))
    ? d.globalAccount && globalOf(d.globalAccount)
    : await readOwnAccount(tx, { tenantId, phoneId })
  return accountSid !== null && account?.sid !== accountSid ? null : account
}
