import { z } from 'zod'
import { takeUserInfo } from '../wire/basic-auth.ts'
import { httpRequest } from '../http-request.ts'
import { type Call } from '../state/call.ts'
import { formatIst, formatIstLong } from '../wire/ist.ts'
import { toWireNumber } from '../wire/phone-number.ts'

/** The dynamic endpoint has as long as a handshake (Exotel's docs name no other limit). */
const RESOLVE_MS = 10_000

const Answer = z.looseObject({ url: z.string() })

/** The query of a dynamic endpoint's request, as captured: no AccountSid, empty strings where nothing is known. */
export function resolveQuery(call: Call, nowMs: number): URLSearchParams {
  const inbound = call.mode === 'inbound'
  const person = toWireNumber(call.from)
  const phone = toWireNumber(call.phone)
  return new URLSearchParams({
    CallSid: call.sid,
    CallFrom: person,
    CallTo: phone,
    Direction: inbound ? 'incoming' : 'outbound-dial',
    Created: formatIstLong(call.createdAtMs),
    DialWhomNumber: '',
    HangupLatencyStartTimeExocc: '',
    HangupLatencyStartTime: '',
    From: person,
    To: phone,
    CustomField: call.customField ?? '',
    CurrentTime: formatIst(nowMs),
  })
}

export type Resolved = { kind: 'stream'; url: string } | { kind: 'none'; reason: string }

const isSocketUrl = (url: string): boolean =>
  URL.canParse(url) && ['ws:', 'wss:'].includes(new URL(url).protocol)

/** Where a flow's applet streams to: its own address, or what its dynamic endpoint answers. */
export async function resolveStream(
  appletUrl: string,
  call: Call,
  nowMs: number,
): Promise<Resolved> {
  if (isSocketUrl(appletUrl)) return { kind: 'stream', url: appletUrl }
  const { url, authorization } = takeUserInfo(appletUrl)
  const target = new URL(url)
  for (const [name, value] of resolveQuery(call, nowMs)) target.searchParams.set(name, value)
  const reply = await httpRequest({
    method: 'GET',
    url: target.toString(),
    headers: authorization === null ? {} : { authorization },
    body: null,
    timeoutMs: RESOLVE_MS,
  })
  if (reply.kind === 'failed') return { kind: 'none', reason: reply.reason }
  if (reply.status !== 200) return { kind: 'none', reason: `http_${reply.status}` }
  try {
    const answer = Answer.parse(JSON.parse(reply.body))
    if (isSocketUrl(answer.url)) return { kind: 'stream', url: answer.url }
  } catch {
    // Anything but the expected answer is no stream.
  }
  return { kind: 'none', reason: 'unreadable_answer' }
}
