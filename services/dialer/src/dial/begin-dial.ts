import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { randomToken, sha256Hex } from '@callwire/crypto'
import { commitBehind, DbError, statement } from '@callwire/db'
import type { CallRow, Head, LedgerWork, MadeEvent, NewFact } from '@callwire/ledger'
import { sql, type SQL } from 'drizzle-orm'
import { openingDetails } from '../account/audit-opening.ts'
import { globalAlert } from '../account/global-credentials.ts'
import type { PhoneAccount } from '../account/phone-account.ts'
import type { DialerDeps } from '../deps.ts'
import { raiseAlert } from '../raise-alert.ts'
import type { AgentTarget, CallView } from './view-call.ts'

/** One attempt to place a call: ours alone for as long as the row holds its fence. */
export type Attempt = {
  tenantId: string
  call: CallRow
  fence: number
  /** When the compare-and-swap was made, on the monotonic clock. */
  begunAtMs: number
  phone: { id: string; number: string }
  agent: AgentTarget
  account: PhoneAccount
  /** The other person's number in E.164; null when its seal does not open. */
  person: string | null
  /** The secret in the path of this call's media socket; null where the audio is not ours. */
  streamToken: string | null
}

export type Dialable = CallView & {
  phone: NonNullable<CallView['phone']>
  agent: AgentTarget
  account: PhoneAccount
}

export function isDialable(view: CallView): view is Dialable {
  return view.phone !== null && view.agent !== null && view.account !== null
}

/**
 * A media socket's token is used when somebody answers, after minutes of ringing at most, and burnt
 * then. That of a call nobody answered may stand in a log.
 */
const tokenValidMs = 3_600_000

/**
 * The compare-and-swap from `queued` to `dialing`, with all that has to be written down before a
 * request: the event, the request itself, the media socket's token, the opening of the account and
 * whose it is. Null when the call is queued no more.
 *
 * @param o.requestId - what the account's budget named the request
 */
export async function beginDial(
  d: Pick<DialerDeps, 'clock' | 'random' | 'log' | 'metrics'>,
  w: LedgerWork,
  o: { view: Dialable; person: string | null; requestId: string },
): Promise<Attempt | null> {
  const { tenantId } = w
  const { call, phone, agent, account } = o.view
  const begunAtMs = d.clock.monotonicMs()
  if (call.status !== 'queued') return null
  const streamToken = hasOurAudio(agent) ? randomToken(24) : null
  const event = w.stage(fact).row
  const values = beginning(d, { ...o, tenantId, event, streamToken })
  commitBehind(w.tx, writeBeginning(w.tx, values))
  if (account.kind === 'global') await raiseAlert(d, w, globalAlert)
  const { person } = o
  const { fence, rangFirst } = values
  Object.assign(call, { status: 'dialing', fence, accountSid: account.sid, rangFirst })
  return { tenantId, call, fence, begunAtMs, phone, agent, account, person, streamToken }
}

/**
 * The same for a call whose head is not locked, in a transaction of its own that moves the head on
 * from where it was seen. Null, and nothing is done, when the call is not as it was seen.
 */
export async function beginAtOnce(
  d: Pick<DialerDeps, 'database' | 'ledger' | 'clock' | 'random'>,
  o: { tenantId: string; head: Head; view: Dialable; person: string | null; requestId: string },
): Promise<Attempt | null> {
  const { tenantId, head, person } = o
  const { call, phone, agent, account } = o.view
  const begunAtMs = d.clock.monotonicMs()
  const streamToken = hasOurAudio(agent) ? randomToken(24) : null
  const { event, row } = d.ledger.eventAfter(head, call.id, fact)
  const values = beginning(d, { ...o, event: row, streamToken })
  try {
    await d.database.atOnce(tenantId, moveHeadAndBegin.with({ ...values, headHash: head.hash }))
  } catch (error) {
    if (error instanceof DbError && error.sqlstate === DIVISION_BY_ZERO) return null
    throw error
  }
  void d.ledger.ring(tenantId, [event])
  const { fence, rangFirst } = values
  Object.assign(call, { status: 'dialing', fence, accountSid: account.sid, rangFirst })
  return { tenantId, call, fence, begunAtMs, phone, agent, account, person, streamToken }
}

const fact = {
  type: 'call.status',
  data: { status: 'dialing', previous: 'queued' },
} as const satisfies NewFact
/** What a statement below fails with when the call is not what it has to be. */
const DIVISION_BY_ZERO = '22012'

type Beginning = {
  tenantId: string
  callId: string
  phoneId: string
  fence: number
  at: string
  eventSeq: number
  eventId: string
  eventAt: Date
  eventData: string | null
  eventSalt: string | null
  eventCommit: string
  eventHash: string
  tokenId: string
  tokenHash: string | null
  expiresAt: string
  auditId: string
  details: string
  accountSid: string
  rangFirst: string
  requestId: string
}

function beginning(
  d: Pick<DialerDeps, 'clock' | 'random'>,
  o: {
    tenantId: string
    view: Dialable
    event: MadeEvent['row']
    requestId: string
    streamToken: string | null
  },
): Beginning {
  const { tenantId, event } = o
  const { id: callId } = o.view.call
  const nowMs = d.clock.now()
  const id = (kind: 'token' | 'audit') => newId(kind, { nowMs, random: d.random(ID_RANDOM_BYTES) })
  const { account, agent, phone } = o.view
  return {
    tenantId,
    callId,
    phoneId: phone.id,
    fence: o.view.call.fence + 1,
    eventSeq: event.seq,
    eventId: event.id,
    eventAt: event.at,
    eventData: event.data,
    eventSalt: event.salt,
    eventCommit: event.commit,
    eventHash: event.hash,
    at: new Date(nowMs).toISOString(),
    tokenId: id('token'),
    tokenHash: o.streamToken === null ? null : sha256Hex(o.streamToken),
    expiresAt: new Date(nowMs + tokenValidMs).toISOString(),
    auditId: id('audit'),
    details: JSON.stringify(openingDetails({ purpose: 'place-call', callId }, account)),
    accountSid: account.sid,
    // Its number may be another by the time that somebody looks for this attempt.
    rangFirst: agent.kind === 'human' ? agent.number : '',
    requestId: o.requestId,
  }
}

/**
 * All of it or nothing: without a row that is queued the division fails, and the transaction with
 * it. So the commit need not wait for the answer. The token is only for audio that is ours.
 *
 * @param held - what says that the call is ours to change
 */
const swapAndTell = (held: SQL) => sql`
  swapped as (
    update calls c set status = 'dialing', reason_code = null, reason_message = null,
      fence = ${sql.placeholder('fence')}::integer,
      account_sid = ${sql.placeholder('accountSid')}::text,
      rang_first = ${sql.placeholder('rangFirst')}::text,
      dialing_at = ${sql.placeholder('at')}::timestamptz, ended_at = null
    where ${held} and c.tenant_id = ${sql.placeholder('tenantId')}::text
      and c.id = ${sql.placeholder('callId')}::text and c.status = 'queued'
      and c.fence = ${sql.placeholder('fence')}::integer - 1
    returning c.id
  ), event as (
    insert into call_events (tenant_id, call_id, seq, id, type, at, data, salt, commit, hash)
    values (${sql.placeholder('tenantId')}::text, ${sql.placeholder('callId')}::text,
      ${sql.placeholder('eventSeq')}::integer, ${sql.placeholder('eventId')}::text, 'call.status',
      ${sql.placeholder('eventAt')}::timestamptz, ${sql.placeholder('eventData')}::text,
      ${sql.placeholder('eventSalt')}::text, ${sql.placeholder('eventCommit')}::text,
      ${sql.placeholder('eventHash')}::text)
  ), token as (
    insert into stream_tokens
      (tenant_id, id, token_hash, call_id, phone_id, created_at, expires_at)
    select ${sql.placeholder('tenantId')}::text, ${sql.placeholder('tokenId')}::text, hash,
      ${sql.placeholder('callId')}::text, ${sql.placeholder('phoneId')}::text,
      ${sql.placeholder('at')}::timestamptz, ${sql.placeholder('expiresAt')}::timestamptz
    from (values (${sql.placeholder('tokenHash')}::text)) as ours (hash) where hash is not null
  ), opening as (
    insert into audit_log
      (tenant_id, id, at, actor_kind, actor_id, action, target_kind, target_id, details)
    values (${sql.placeholder('tenantId')}::text, ${sql.placeholder('auditId')}::text,
      ${sql.placeholder('at')}::timestamptz, 'service', 'dialer', 'credentials.open', 'phone',
      ${sql.placeholder('phoneId')}::text, ${sql.placeholder('details')}::jsonb)
  ), request as (
    insert into account_requests (account_sid, id, at)
    values (${sql.placeholder('accountSid')}::text, ${sql.placeholder('requestId')}::text,
      clock_timestamp())
  )
  select 1 / (select count(*) from swapped)::integer as begun`

const writeBeginning = statement<Beginning, { begun: number }>(
  'begin_dial',
  sql`with ${swapAndTell(sql`true`)}`,
)

/** The head's lock comes first here, too, and is had before the call's row is looked at. */
const moveHeadAndBegin = statement<Beginning & { headHash: string }, { begun: number }>(
  'begin_dial_at_once',
  sql`with moved as (
    update call_heads h set seq = ${sql.placeholder('eventSeq')}::integer,
      hash = ${sql.placeholder('eventHash')}::text, last_type = 'call.status',
      changed_at = clock_timestamp()
    where h.tenant_id = ${sql.placeholder('tenantId')}::text
      and h.call_id = ${sql.placeholder('callId')}::text
      and h.seq = ${sql.placeholder('eventSeq')}::integer - 1
      and h.hash = ${sql.placeholder('headHash')}::text
    returning h.call_id
  ), ${swapAndTell(sql`c.id = (select call_id from moved)`)}`,
)

/** A flow's applet asks for its socket itself; a stream agent with a URL of its own needs none. */
function hasOurAudio(agent: AgentTarget): boolean {
  return agent.kind === 'human' || (agent.kind === 'stream' && agent.streamUrl === null)
}
