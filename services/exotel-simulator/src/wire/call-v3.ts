import { type Call, talkSeconds, TERMINAL } from '../state/call.ts'
import { callRecordingUrl, conversationSeconds } from './call-v1.ts'
import { formatIstZoned } from './ist.ts'
import { toWireNumber } from './phone-number.ts'

const STATUS_WORDS: Partial<Record<Call['status'], string>> = {
  completed: 'completed',
  busy: 'from_leg_unanswered',
  'no-answer': 'from_leg_unanswered',
  failed: 'from_leg_no_dial',
  canceled: 'from_leg_cancelled',
}

/** The envelope every v3 answer comes in. */
export function envelopeV3(
  requestId: string,
  response: Record<string, unknown>,
  httpCode = 200,
): Record<string, unknown> {
  return { request_id: requestId, method: 'GET', http_code: httpCode, response }
}

export const failureV3 = (requestId: string, httpCode: number, code: number, message: string) =>
  envelopeV3(
    requestId,
    {
      code: httpCode,
      error_data: { code, message, description: message },
      status: 'failure',
      data: null,
    },
    httpCode,
  )

/** v3's `call_details`: the only place that gives `custom_field` back. */
export function callV3(call: Call): Record<string, unknown> {
  const ended = TERMINAL.has(call.status)
  const url = callRecordingUrl(call)
  return {
    sid: call.sid,
    direction: call.mode === 'inbound' ? 'inbound' : 'outbound-api',
    virtual_number: toWireNumber(call.phone),
    state: ended ? 'terminal' : 'active',
    status: ended ? (STATUS_WORDS[call.status] ?? 'completed') : null,
    legs: `/v3/accounts/${call.accountSid}/calls/${call.sid}/legs`,
    created_time: formatIstZoned(call.createdAtMs),
    updated_time: formatIstZoned(call.updatedAtMs),
    start_time: formatIstZoned(call.createdAtMs),
    end_time: formatIstZoned(call.endedAtMs ?? 0),
    total_duration: talkSeconds(call.legs[0]),
    total_talk_time: conversationSeconds(call),
    custom_field: call.customField ?? '',
    app_id: call.appId ?? '',
    app_name: '',
    digits: '',
    recordings: url === null ? [] : [{ url }],
  }
}
