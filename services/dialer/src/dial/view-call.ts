import { agents, calls, phones, tenants, type Tx } from '@callwire/db'
import { loadCall, type CallRow } from '@callwire/ledger'
import { and, desc, eq, inArray, isNull, sql } from 'drizzle-orm'
import { readPhoneAccount, type AccountDeps, type PhoneAccount } from '../account/phone-account.ts'
import type { BreakerCode, DialCheck } from './decide-dial.ts'

/** The agent a call is for, as Exotel's modes of dialing tell agents apart. */
export type AgentTarget =
  | { kind: 'human'; number: string }
  | { kind: 'flow'; appId: string }
  | { kind: 'stream'; streamUrl: string | null }

/** A call and all that its dialing depends on, as one transaction sees it. */
export type CallView = {
  call: CallRow
  phone: { id: string; number: string } | null
  agent: AgentTarget | null
  account: PhoneAccount | null
  check: DialCheck
}

export async function viewCall(
  tx: Tx,
  d: Pick<AccountDeps, 'globalAccount'>,
  { tenantId, callId }: { tenantId: string; callId: string },
): Promise<CallView | null> {
  const call = await loadCall(tx, callId)
  if (call === null) return null
  const [moment] = await tx
    .select({ due: sql<boolean>`${calls.dueAt} <= now()` })
    .from(calls)
    .where(and(eq(calls.tenantId, tenantId), eq(calls.id, callId)))
  const [tenant] = await tx
    .select({ paused: tenants.dialingPaused })
    .from(tenants)
    .where(eq(tenants.tenantId, tenantId))
  const [phone] = await tx
    .select({
      id: phones.id,
      number: phones.number,
      agentId: phones.agentId,
      breakerOpenedAt: phones.breakerOpenedAt,
    })
    .from(phones)
    .where(
      and(eq(phones.tenantId, tenantId), eq(phones.id, call.phoneId), isNull(phones.deletedAt)),
    )
  const agent = await targetOf(tx, tenantId, call.agentId ?? phone?.agentId ?? null)
  const account = await readPhoneAccount(tx, d, { tenantId, phoneId: call.phoneId })
  const open = phone !== undefined && phone.breakerOpenedAt !== null
  return {
    call,
    phone: phone === undefined ? null : { id: phone.id, number: phone.number },
    agent,
    account,
    check: {
      status: call.status,
      direction: call.direction,
      due: moment?.due ?? false,
      hasSid: call.sid !== null,
      paused: tenant?.paused ?? false,
      hasPhone: phone !== undefined,
      hasAgent: agent !== null,
      hasCredentials: account !== null,
      breaker: open ? await codeOfBreaker(tx, tenantId, phone.id) : null,
    },
  }
}

/** The dialing target of an agent; null when it is gone or lacks what its kind needs. */
export async function targetOf(
  tx: Tx,
  tenantId: string,
  agentId: string | null,
): Promise<AgentTarget | null> {
  if (agentId === null) return null
  const [agent] = await tx
    .select({
      kind: agents.kind,
      number: agents.number,
      appId: agents.appId,
      streamUrl: agents.streamUrl,
    })
    .from(agents)
    .where(and(eq(agents.tenantId, tenantId), eq(agents.id, agentId), isNull(agents.deletedAt)))
  if (agent === undefined) return null
  const { kind, number, appId, streamUrl } = agent
  if (kind === 'stream') return { kind, streamUrl }
  if (kind === 'flow') return appId === null ? null : { kind, appId }
  return number === null ? null : { kind, number }
}

/** The phone's row keeps that its breaker is open; the last call it refused tells the code. */
async function codeOfBreaker(tx: Tx, tenantId: string, phoneId: string): Promise<BreakerCode> {
  const codes: BreakerCode[] = ['provider_auth', 'provider_forbidden']
  const [last] = await tx
    .select({ code: calls.reasonCode })
    .from(calls)
    .where(
      and(
        eq(calls.tenantId, tenantId),
        eq(calls.phoneId, phoneId),
        eq(calls.status, 'failed'),
        inArray(calls.reasonCode, codes),
      ),
    )
    .orderBy(desc(calls.endedAt))
    .limit(1)
  return last?.code === 'provider_forbidden' ? 'provider_forbidden' : 'provider_auth'
}
