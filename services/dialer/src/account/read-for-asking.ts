import { calls, phones, type Tx } from '@callwire/db'
import type { ExotelAccount } from '@callwire/exotel'
import { loadCall, type CallRow } from '@callwire/ledger'
import { and, eq, isNull } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'
import { targetOf, type AgentTarget } from '../dial/view-call.ts'
import { raiseAlertOnce } from '../raise-alert.ts'
import { auditOpening } from './audit-opening.ts'
import { isDialedGlobally } from './global-credentials.ts'
import { integrityAlert } from './integrity-alert.ts'
import { globalOf, openAccount, readOwnAccount, type PhoneAccount } from './phone-account.ts'

/** A call that may be asked about, and the account whose budget that costs; no seal is opened. */
export type Askable = { call: CallRow; accountSid: string | null }

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
    return { call, accountSid: account?.sid ?? null }
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
 * Claims the next question about a call, so that no other dialer asks the same, and opens what it
 * takes to ask; the opening is audited first. Null when somebody was faster, or the phone is gone.
 */
export async function claimAsking(
  d: Deps,
  call: CallRow,
  purpose: 'reconcile' | 'poll',
): Promise<Asking | null> {
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
    if (stored !== null) {
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

/** The account that dialed a call, as far as it is still here: nobody else knows of the call. */
async function accountOfCall(
  tx: Tx,
  d: Pick<Deps, 'globalAccount'>,
  { tenantId, id: callId, phoneId }: CallRow,
): Promise<PhoneAccount | null> {
  if (await isDialedGlobally(tx, { tenantId, callId })) {
    return d.globalAccount === null ? null : globalOf(d.globalAccount)
  }
  return readOwnAccount(tx, { tenantId, phoneId })
}
