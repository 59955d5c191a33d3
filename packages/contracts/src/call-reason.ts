import { z } from 'zod'
import type { CallReason } from './call.ts'

/**
 * Every reason a call's status can carry, and what it means to a person. The set is closed: a new
 * code is added here or nowhere. The sentence beside a code tells of the one call; this, of all.
 */
export const callReasonCodes = {
  waiting_for_budget: 'Queued: the Exotel account has used up its requests of this minute.',
  waiting_for_cap: 'Queued: as many calls as were allowed at once are under way.',
  paused: 'Queued: dialing is paused, for this tenant or for everybody.',
  outside_hours: 'Queued: the person may not be called at this hour of theirs.',
  provider_unreachable: 'Queued: Exotel cannot be reached; nothing was sent.',
  dialer_delayed: 'Queued: the dialer is late, or was held up before it sent anything.',
  outcome_unknown: 'Unknown: Exotel did not say whether it placed the call; it is being asked.',
  dialer_lost: 'Unknown: the dialer was lost during the request; Exotel is being asked.',
  sid_conflict: 'Unknown: Exotel gave this call the id of another one.',
  needs_review: 'Unknown: a person has to say which of the calls Exotel shows is this one.',
  canceled: 'Canceled by a person.',
  expired: 'Failed: it waited longer than its tenant lets calls wait.',
  never_call: 'Failed: the number is on the never-call list.',
  no_agent_assigned: 'Failed: the phone number has no agent, or the one of the call was deleted.',
  no_credentials: 'Failed: the phone number has no Exotel credentials.',
  not_found: 'Failed: the phone number was removed.',
  provider_auth: 'Failed: Exotel refuses the credentials.',
  provider_forbidden: 'Failed: Exotel does not let this account do that.',
  provider_rejected: 'Failed: Exotel refused the call; the sentence is its own.',
  provider_protocol_error: 'Failed: Exotel answered with a redirect, which is never followed.',
  credential_integrity: 'Failed: the stored credentials cannot be opened.',
  host_not_allowed: 'Failed: the host of the stored account may not be spoken to.',
  invalid_account: 'Failed: the stored account cannot be used for a request.',
  invalid_request: 'Failed: the call cannot be expressed as a request to Exotel.',
  not_placed: 'Failed: Exotel has no such call; it was never placed.',
  no_news: 'Failed: Exotel never reported how the call ended.',
} as const satisfies Record<string, string>

export type CallReasonCode = keyof typeof callReasonCodes

export const callReasonCodeSchema = z.enum(
  Object.keys(callReasonCodes) as [CallReasonCode, ...CallReasonCode[]],
)

/** A reason with one of the known codes; `message` is one sentence about this call. */
export function reasonOf(code: CallReasonCode, message: string): CallReason {
  return { code, message }
}
