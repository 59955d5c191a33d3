import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { randomToken, sha256Hex } from '@callwire/crypto'
import { commitBehind, statement, type DialToBegin } from '@callwire/db'
import type { CallRow, Head, LedgerWork, MadeEvent, NewFact } from '@callwire/ledger'
import { sql } from 'drizzle-orm'
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
 * @param o.takenAtMs - when the budget was asked, on the monotonic clock: the request's time counts
 * from there
 */
export async function beginDial(
  d: Pick<DialerDeps, 'clock' | 'random' | 'log' | 'metrics'>,
  w: LedgerWork,
  o: { view: Dialable; person: string | null; requestId: string; takenAtMs: number },
): Promise<Attempt | null> {
  const { tenantId } = w
  const { call, phone, agent, account } = o.view
  const { takenAtMs: begunAtMs } = o
  if (call.status !== 'queued') return null
  const streamToken = hasOurAudio(agent) ? randomToken(24) : null
  const headHash = w.head.hash
  const event = w.stage(fact).row
  const dial = beginning(d, { ...o, tenantId, headHash, event, streamToken })
  commitBehind(w.tx, writeBeginning(w.tx, { dials: JSON.stringify([dial]) }))
  if (account.kind === 'global') await raiseAlert(d, w, globalAlert)
  const { person } = o
  const { fence } = begun(call, dial)
  return { tenantId, call, fence, begunAtMs, phone, agent, account, person, streamToken }
}

/**
 * The same for a call whose head is not locked, in a transaction that other calls may share and that
 * moves the head on from where it was seen. Null, and nothing is done, when the call is not as it
 * was seen.
 */
export async function beginAtOnce(
  d: Pick<DialerDeps, 'dials' | 'ledger' | 'clock' | 'random'>,
  o: { tenantId: string; head: Head; view: Dialable; person: string | null; requestId: string },
): Promise<Attempt | null> {
  const { tenantId, head, person } = o
  const { call, phone, agent, account } = o.view
  const streamToken = hasOurAudio(agent) ? randomToken(24) : null
  const { event, row } = d.ledger.eventAfter(head, call.id, fact)
  const dial = beginning(d, { ...o, headHash: head.hash, event: row, streamToken })
  const begunAtMs = d.clock.monotonicMs()
  if (!(await d.dials.begin(dial))) return null
  void d.ledger.ring(tenantId, [event])
  const { fence } = begun(call, dial)
  return { tenantId, call, fence, begunAtMs, phone, agent, account, person, streamToken }
}

/** The call's row as it stands from then on. */
function begun(call: CallRow, dial: DialToBegin): DialToBegin {
  const { fence, account_sid: accountSid, rang_first: rangFirst } = dial
  Object.assign(call, { status: 'dialing', fence, accountSid, rangFirst })
  return dial
}

const fact = {
  type: 'call.status',
  data: { status: 'dialing', previous: 'queued' },
} as const satisfies NewFact

function beginning(
  d: Pick<DialerDeps, 'clock' | 'random'>,
  o: {
    tenantId: string
    view: Dialable
    headHash: string
    event: MadeEvent['row']
    requestId: string
    streamToken: string | null
  },
): DialToBegin {
  const { tenantId, event } = o
  const { account, agent, phone, call } = o.view
  const nowMs = d.clock.now()
  const id = (kind: 'token' | 'audit') => newId(kind, { nowMs, random: d.random(ID_RANDOM_BYTES) })
  return {
    tenant_id: tenantId,
    call_id: call.id,
    phone_id: phone.id,
    fence: call.fence + 1,
    account_sid: account.sid,
    // Its number may be another by the time that somebody looks for this attempt.
    rang_first: agent.kind === 'human' ? agent.number : '',
    at: new Date(nowMs),
    event_seq: event.seq,
    event_id: event.id,
    event_at: event.at,
    event_data: event.data,
    event_salt: event.salt,
    event_commit: event.commit,
    event_hash: event.hash,
    head_hash: o.headHash,
    token_id: id('token'),
    token_hash: o.streamToken === null ? null : sha256Hex(o.streamToken),
    expires_at: new Date(nowMs + tokenValidMs),
    audit_id: id('audit'),
    details: openingDetails({ purpose: 'place-call', callId: call.id }, account),
    request_id: o.requestId,
  }
}

/**
 * The same as a batch's, of one call whose head this transaction has locked. It fails with the
 * transaction where the call is not queued, so the commit need not wait for the answer.
 */
const writeBeginning = statement<{ dials: string }, { begun: number }>(
  'begin_dial',
  sql`select 1 / count(*)::integer as begun
    from batch.begin_dials(${sql.placeholder('dials')}::json)`,
)

/** A flow's applet asks for its socket itself; a stream agent with a URL of its own needs none. */
function hasOurAudio(agent: AgentTarget): boolean {
  return agent.kind === 'human' || (agent.kind === 'stream' && agent.streamUrl === null)
}
