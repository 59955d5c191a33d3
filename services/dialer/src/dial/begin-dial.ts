import { randomToken } from '@callwire/crypto'
import { changeStatus, type CallRow, type LedgerWork } from '@callwire/ledger'
import { auditOpening } from '../account/audit-opening.ts'
import { globalAlert } from '../account/global-credentials.ts'
import type { PhoneAccount } from '../account/phone-account.ts'
import type { DialerDeps } from '../deps.ts'
import { raiseAlert } from '../raise-alert.ts'
import { mintStreamToken } from './mint-stream-token.ts'
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
  /** The secret in the path of this call's media socket; null where the audio is not ours. */
  streamToken: string | null
}

type Dialable = CallView & {
  phone: NonNullable<CallView['phone']>
  agent: AgentTarget
  account: PhoneAccount
}

export function isDialable(view: CallView): view is Dialable {
  return view.phone !== null && view.agent !== null && view.account !== null
}

/**
 * The compare-and-swap from `queued` to `dialing`, with all that has to be written down before a
 * request: the event, the media socket's token, the opening of the account and whose it is. Null when the
 * call is queued no more.
 */
export async function beginDial(
  d: Pick<DialerDeps, 'clock' | 'random' | 'log' | 'metrics'>,
  w: LedgerWork,
  view: Dialable,
): Promise<Attempt | null> {
  const { tx, tenantId, callId } = w
  const { call, phone, agent, account } = view
  const begunAtMs = d.clock.monotonicMs()
  if (call.status !== 'queued') return null
  const fence = call.fence + 1
  if (!(await changeStatus(w, call, { status: 'dialing', fence }))) return null
  const streamToken = hasOurAudio(agent) ? randomToken(24) : null
  if (streamToken !== null) await mintStreamToken(tx, d, { call, token: streamToken })
  const opening = { purpose: 'place-call', callId } as const
  await auditOpening(tx, d, { tenantId, phoneId: phone.id, opening, account })
  if (account.kind === 'global') await raiseAlert(d, w, globalAlert)
  return {
    tenantId,
    call,
    fence,
    begunAtMs,
    phone,
    agent,
    account,
    streamToken,
  }
}

/** A flow's applet asks for its socket itself; a stream agent with a URL of its own needs none. */
function hasOurAudio(agent: AgentTarget): boolean {
  return agent.kind === 'human' || (agent.kind === 'stream' && agent.streamUrl === null)
}
