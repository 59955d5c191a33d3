import { macToken, openContent, type ContentRing } from '@callwire/crypto'
import { buildPlaceCall, type PlaceCallRequest } from '@callwire/exotel'
import { sealContexts } from '@callwire/keyring'
import type { CallRow } from '@callwire/ledger'
import type { DialerDeps } from '../deps.ts'
import type { Attempt } from './begin-dial.ts'

/** The other person's number in E.164; null when its seal does not open, or it was erased. */
export function openPersonNumber(ring: ContentRing, call: CallRow): string | null {
  if (call.personSealed === null) return null
  try {
    const context = sealContexts.person(call.tenantId, call.id)
    return openContent(ring, context, call.personSealed).toString('utf8')
  } catch {
    return null
  }
}

/** The request that places an attempt's call, with the capability URLs Exotel comes back by. */
export function buildRequest(
  d: Pick<DialerDeps, 'callbackRing' | 'settings'>,
  attempt: Attempt,
  person: string,
): PlaceCallRequest {
  const { call, phone, streamToken } = attempt
  const { webhookBaseUrl, mediaBaseUrl, streamBegin } = d.settings
  const signature = macToken(d.callbackRing, 'status-callback', call.id)
  return buildPlaceCall(attempt.agent, {
    to: person,
    callerId: phone.number,
    sid: attempt.account.sid,
    ingestUrl: streamToken === null ? '' : `${mediaBaseUrl}/v1/ingest/t/${streamToken}`,
    customField: call.id,
    statusCallback: `${webhookBaseUrl}/api/v1/exotel/webhook/status/${call.id}/${signature}`,
    streamBegin,
    record: call.record ? true : undefined,
    timeLimitSeconds: call.timeLimitSeconds ?? undefined,
  })
}
