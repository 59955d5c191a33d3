import type { CallingHours } from '@callwire/contracts'
import {
  agents,
  callHeads,
  calls,
  callToDialIn,
  statement,
  tenantCountIn,
  type CallToDialRow,
  type Database,
  type Tx,
} from '@callwire/db'
import type { CallRow, Head } from '@callwire/ledger'
import { and, eq, getTableColumns, isNull, sql } from 'drizzle-orm'
import { globalOf, type AccountDeps, type PhoneAccount } from '../account/phone-account.ts'
import type { StoredCredentials } from '../account/stored-credentials.ts'
import type { TenantCaps } from './decide-cap.ts'
import type { BreakerCode } from './decide-dial.ts'

/** The agent a call is for, as Exotel's modes of dialing tell agents apart. */
export type AgentTarget =
  | { kind: 'human'; number: string }
  | { kind: 'flow'; appId: string }
  | { kind: 'stream'; streamUrl: string | null }

/** A call and all that its dialing depends on, as one statement saw it. */
export type CallView = {
  call: CallRow
  /** By the database's clock, epoch ms; with it the call is due or not. */
  nowMs: number
  due: boolean
  phone: { id: string; number: string } | null
  agent: AgentTarget | null
  account: PhoneAccount | null
  breaker: BreakerCode | null
  tenant: TenantRules
  install: { paused: boolean; pausedReason: string | null }
  /** Whether the person is on the tenant's list, and whether anybody is. */
  neverCall: { listed: boolean; anybody: boolean }
}

/** What a tenant has set about dialing. */
export type TenantRules = {
  paused: boolean
  expireAfterMs: number | null
  callingHours: CallingHours | null
  caps: TenantCaps
}

type AgentRow = Pick<typeof agents.$inferSelect, 'kind' | 'number' | 'appId' | 'streamUrl'>

type Which = { tenantId: string; callId: string }

/** Locks the call's head and then its row, wherever they stand. */
const lockCall = statement<Which, object>(
  'lock_call',
  sql`select from ${callHeads} h join ${calls} c on c.tenant_id = h.tenant_id and c.id = h.call_id
    where h.tenant_id = ${sql.placeholder('tenantId')} and h.call_id = ${sql.placeholder('callId')}
    for no key update of h, c`,
)

/** A call with its head, as they stood a moment ago; its account is the phone's own or none. */
export async function lookAtCall(
  database: Pick<Database, 'reader'>,
  call: Which,
): Promise<SeenCall | null> {
  const row = await database.reader.callToDial(call)
  return row === null ? null : seenIn(row, ownAccount(row))
}

/** A call with its head locked, for {@link Ledger.transactSeen}; null when there is none. */
export async function viewCall(
  tx: Tx,
  d: Pick<AccountDeps, 'globalAccount'>,
  call: Which,
): Promise<SeenCall | null> {
  // Seen behind the lock, so that it is as whoever held it before has left it.
  await lockCall(tx, call)
  const row = await callToDialIn(tx, call)
  return row === null ? null : seenIn(row, await accountOf(tx, d, row))
}

export type SeenCall = { head: Head; seen: CallView }

function seenIn(row: CallToDialRow, account: PhoneAccount | null): SeenCall {
  const call = callOf(row)
  const seen: CallView = {
    call,
    nowMs: row.now_ms,
    due: row.due,
    phone: row.phone_number === null ? null : { id: call.phoneId, number: row.phone_number },
    agent:
      row.agent_kind === null
        ? null
        : targetOfRow({
            kind: row.agent_kind as AgentRow['kind'],
            number: row.agent_number,
            appId: row.agent_app_id,
            streamUrl: row.agent_stream_url,
          }),
    account,
    breaker: row.breaker as BreakerCode | null,
    tenant: {
      paused: row.paused,
      expireAfterMs: row.expire_after_ms,
      callingHours: row.calling_hours,
      caps: { tenant: row.cap_tenant, phone: row.cap_phone, account: row.cap_account },
    },
    install: { paused: row.install_paused, pausedReason: row.install_paused_reason },
    neverCall: { listed: row.listed, anybody: row.anybody_listed },
  }
  const { seq, hash } = row
  return { head: { seq, hash, lastType: row.last_type as Head['lastType'] }, seen }
}

const columns = Object.entries(getTableColumns(calls)).map(
  ([key, { name }]) => [key, `call_${name}`] as const,
)

function callOf(row: CallToDialRow): CallRow {
  const call: Record<string, unknown> = {}
  for (const [key, column] of columns) call[key] = row[column]
  return call as CallRow
}

function ownAccount(row: CallToDialRow): PhoneAccount | null {
  const { sid } = row
  if (sid === null) return null
  const stored = {
    sid,
    subdomain: row.subdomain,
    version: row.version,
    encApiKey: row.enc_api_key,
    encApiToken: row.enc_api_token,
  } as StoredCredentials
  return { kind: 'own', sid, stored }
}

/** The phone's own account, or the install's where one tenant is all there is. */
async function accountOf(
  tx: Tx,
  d: Pick<AccountDeps, 'globalAccount'>,
  row: CallToDialRow,
): Promise<PhoneAccount | null> {
  const own = ownAccount(row)
  if (own !== null || d.globalAccount === null) return own
  return (await tenantCountIn(tx)) === 1 ? globalOf(d.globalAccount) : null
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
  return agent === undefined ? null : targetOfRow(agent)
}

function targetOfRow({ kind, number, appId, streamUrl }: AgentRow): AgentTarget | null {
  if (kind === 'stream') return { kind, streamUrl }
  if (kind === 'flow') return appId === null ? null : { kind, appId }
  return number === null ? null : { kind, number }
}
