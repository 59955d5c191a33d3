import { calls, phoneCredentials, phones } from '@callwire/db'
import type { ExotelAccount } from '@callwire/exotel'
import { loadCall, type CallRow } from '@callwire/ledger'
import { and, eq, isNull } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'
import { targetOf, type AgentTarget } from '../dial/view-call.ts'
import { auditOpening, type OpeningPurpose } from './audit-opening.ts'
import { credentialColumns, openStored } from './stored-credentials.ts'

/** A call that may be asked about, and the account whose budget that costs; no seal is opened. */
export type Askable = { call: CallRow; accountSid: string | null }

export async function readAskable(
  d: Pick<DialerDeps, 'database'>,
  o: { tenantId: string; callId: string },
): Promise<Askable | null> {
  return d.database.withTenant(o.tenantId, async (tx) => {
    const call = await loadCall(tx, o.callId)
    if (call === null) return null
    const [row] = await tx
      .select({ sid: phoneCredentials.sid })
      .from(phoneCredentials)
      .where(ofPhone(o.tenantId, call.phoneId))
    return { call, accountSid: row?.sid ?? null }
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
  d: Pick<DialerDeps, 'database' | 'credentialRing' | 'clock' | 'random'>,
  call: CallRow,
  purpose: OpeningPurpose,
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
    const [stored] = await tx
      .select(credentialColumns)
      .from(phoneCredentials)
      .where(ofPhone(tenantId, phoneId))
    if (stored !== undefined) {
      await auditOpening(tx, d, { tenantId, phoneId, callId, purpose, stored })
    }
    const agent = await targetOf(tx, tenantId, call.agentId ?? phone.agentId)
    return { call, phoneNumber: phone.number, agent, stored }
  })
  if (found === null) return null
  const { stored, ...rest } = found
  const owner = { tenantId, phoneId }
  const account = stored === undefined ? null : openStored(d.credentialRing, owner, stored)
  return { ...rest, account }
}

function ofPhone(tenantId: string, phoneId: string) {
  return and(eq(phoneCredentials.tenantId, tenantId), eq(phoneCredentials.phoneId, phoneId))
}
