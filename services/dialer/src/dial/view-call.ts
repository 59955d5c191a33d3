import type { CallingHours } from '@callwire/contracts'
import {
  agents,
  calls,
  type Database,
  type phoneCredentials,
  statement,
  tenantCountIn,
  type Tx,
} from '@callwire/db'
import type { CallRow, Head } from '@callwire/ledger'
import { and, eq, getTableColumns, isNull, sql } from 'drizzle-orm'
import { globalOf, type AccountDeps, type PhoneAccount } from '../account/phone-account.ts'
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
type StoredRow = Pick<
  typeof phoneCredentials.$inferSelect,
  'sid' | 'subdomain' | 'version' | 'encApiKey' | 'encApiToken'
>
type Nullable<T> = { [K in keyof T]: T[K] | null }

type ViewRow = {
  seq: number
  hash: string
  lastType: Head['lastType']
  nowMs: number
  due: boolean
  tenant: Omit<TenantRules, 'caps'> & TenantCaps
  install: CallView['install'] | null
  phoneNumber: string | null
  breaker: BreakerCode | null
  agent: Nullable<AgentRow> | null
  stored: StoredRow | null
  listed: boolean
  anybody: boolean
}

const callColumns = sql.join(
  Object.entries(getTableColumns(calls)).map(
    ([key, { name }]) => sql`c.${sql.identifier(name)} as ${sql.identifier(`call_${key}`)}`,
  ),
  sql`, `,
)

type Which = { tenantId: string; callId: string }

/**
 * What a call's dialing depends on. Rows beside the call's are looked up by it (`offset 0`): a join
 * may read all that a tenant has. The code of an open breaker is that of the last call it refused.
 */
const view = sql`
  select ${callColumns}, h.seq, h.hash, h.last_type as "lastType",
    extract(epoch from now())::float8 * 1000 as "nowMs", c.due_at <= now() as due,
    json_build_object('paused', t.dialing_paused, 'expireAfterMs', t.expire_after_ms,
      'callingHours', t.calling_hours, 'tenant', t.cap_tenant, 'phone', t.cap_phone,
      'account', t.cap_account) as tenant,
    case when i.id then json_build_object('paused', i.dialing_paused,
      'pausedReason', i.paused_reason) end as install,
    p.number as "phoneNumber",
    case when p.breaker_opened_at is not null then coalesce((
      select f.reason_code from calls f
      where f.tenant_id = c.tenant_id and f.phone_id = c.phone_id and f.status = 'failed'
        and f.reason_code in ('provider_auth', 'provider_forbidden')
      order by f.ended_at desc limit 1), 'provider_auth') end as breaker,
    case when a.id is not null then json_build_object('kind', a.kind, 'number', a.number,
      'appId', a.app_id, 'streamUrl', a.stream_url) end as agent,
    case when k.phone_id is not null then json_build_object('sid', k.sid,
      'subdomain', k.subdomain, 'version', k.version, 'encApiKey', k.enc_api_key,
      'encApiToken', k.enc_api_token) end as stored,
    exists (select from never_call n
      where n.tenant_id = c.tenant_id and n.person_index = c.person_index
        and (n.expires_at is null or n.expires_at > now())) as listed,
    exists (select from never_call n where n.tenant_id = c.tenant_id) as anybody
  from call_heads h
    join calls c on c.tenant_id = h.tenant_id and c.id = h.call_id
    join tenants t on t.tenant_id = c.tenant_id
    left join install i on true
    left join lateral (
      select * from phones one
      where one.tenant_id = c.tenant_id and one.id = c.phone_id and one.deleted_at is null
      offset 0
    ) p on true
    left join lateral (
      select * from agents one
      where one.tenant_id = c.tenant_id and one.id = coalesce(c.agent_id, p.agent_id)
        and one.deleted_at is null
      offset 0
    ) a on true
    left join lateral (
      select * from phone_credentials one
      where one.tenant_id = c.tenant_id and one.phone_id = c.phone_id
      offset 0
    ) k on true
  where h.tenant_id = ${sql.placeholder('tenantId')} and h.call_id = ${sql.placeholder('callId')}`

/** All of it as one moment saw it. */
const lookAt = statement<Which, ViewRow>('look_at_call', view)

/**
 * Locks the call's head and then its row. Both are as they stand now, also when somebody else held
 * the lock; what stands around them is as of the moment that the lock was asked for.
 */
const lockAndView = statement<Which, ViewRow>(
  'lock_and_view_call',
  sql`${view}
  for no key update of h, c`,
)

/** A call with its head, as they stood a moment ago; its account is the phone's own or none. */
export async function lookAtCall(
  database: Pick<Database, 'read'>,
  { tenantId, callId }: Which,
): Promise<SeenCall | null> {
  const [row] = await database.read(tenantId, lookAt.with({ tenantId, callId }))
  return row === undefined ? null : seenIn(row, ownAccount(row.stored))
}

/** A call with its head locked, for {@link Ledger.transactSeen}; null when there is none. */
export async function viewCall(
  tx: Tx,
  d: Pick<AccountDeps, 'globalAccount'>,
  { tenantId, callId }: Which,
): Promise<SeenCall | null> {
  const [row] = await lockAndView(tx, { tenantId, callId })
  return row === undefined ? null : seenIn(row, await accountOf(tx, d, row.stored))
}

export type SeenCall = { head: Head; seen: CallView }

function seenIn(row: ViewRow, account: PhoneAccount | null): SeenCall {
  const call = callOf(row)
  const { tenant, phoneNumber } = row
  const seen: CallView = {
    call,
    nowMs: row.nowMs,
    due: row.due,
    phone: phoneNumber === null ? null : { id: call.phoneId, number: phoneNumber },
    agent: row.agent === null ? null : targetOfRow(row.agent as AgentRow),
    account,
    breaker: row.breaker,
    tenant: {
      paused: tenant.paused,
      expireAfterMs: tenant.expireAfterMs,
      callingHours: tenant.callingHours,
      caps: { tenant: tenant.tenant, phone: tenant.phone, account: tenant.account },
    },
    install: row.install ?? { paused: false, pausedReason: null },
    neverCall: { listed: row.listed, anybody: row.anybody },
  }
  return { head: { seq: row.seq, hash: row.hash, lastType: row.lastType }, seen }
}

const columnNames = Object.keys(getTableColumns(calls)).map((key) => [key, `call_${key}`] as const)

function callOf(row: ViewRow): CallRow {
  const prefixed = row as unknown as Record<string, unknown>
  const call: Record<string, unknown> = {}
  for (const [key, name] of columnNames) call[key] = prefixed[name]
  return call as CallRow
}

function ownAccount(stored: StoredRow | null): PhoneAccount | null {
  return stored && { kind: 'own', sid: stored.sid, stored }
}

/** The phone's own account, or the install's where one tenant is all there is. */
async function accountOf(
  tx: Tx,
  d: Pick<AccountDeps, 'globalAccount'>,
  stored: StoredRow | null,
): Promise<PhoneAccount | null> {
  if (stored !== null || d.globalAccount === null) return ownAccount(stored)
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
