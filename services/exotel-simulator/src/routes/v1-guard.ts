import { type FastifyReply, type FastifyRequest } from 'fastify'
import { type Clock } from '../clock.ts'
import { type Exchange } from '../exchange.ts'
import { type Account, checkCredentials } from '../state/accounts.ts'
import { type ApiFault } from '../state/fault.ts'
import { type Faults } from '../state/faults.ts'
import { type SimulatorState } from '../state/simulator-state.ts'
import { type TruthLog } from '../state/truth-log.ts'
import { parseBasic } from '../wire/basic-auth.ts'
import { type Fields } from '../wire/form.ts'
import {
  FORBIDDEN,
  RATE_LIMITED,
  type Refusal,
  refuse,
  restException,
  SERVER_ERROR,
  UNAUTHORIZED,
} from '../wire/rest-exception.ts'
import { twilioResponse, type XmlValue } from '../wire/xml.ts'

export type ApiDeps = {
  clock: Clock
  exchange: Exchange
  state: SimulatorState
  faults: Faults
  log: TruthLog
  rateLimit: { take(sid: string, perMinute: number): boolean }
  settleMs: number
}

export type Answer = {
  status: number
  headers: Record<string, string>
  body: Record<string, XmlValue>
}
export type Format = 'json' | 'xml'

export const answer = (body: Record<string, XmlValue>, status = 200): Answer => ({
  ...{ status, body, headers: {} },
})

export const refusalAnswer = (refusal: Refusal): Answer => ({
  status: refusal.status,
  body: restException(refusal),
  headers:
    refusal.retryAfterSeconds === undefined
      ? {}
      : { 'retry-after': String(refusal.retryAfterSeconds) },
})

/** The account of a request, or the refusal: 401 before anything else, then the requests of the last minute. */
export function admit(deps: ApiDeps, request: FastifyRequest, sid: string): Account | Refusal {
  const basic = parseBasic(request.headers.authorization)
  const account = checkCredentials(deps.state.accounts.get(sid), basic)
  if (!account) return UNAUTHORIZED
  if (deps.rateLimit.take(sid, account.requestsPerMinute)) return account
  const { retryAfterSeconds } = account
  return retryAfterSeconds === null ? RATE_LIMITED : { ...RATE_LIMITED, retryAfterSeconds }
}

export const isRefusal = (value: Account | Refusal): value is Refusal => 'message' in value

/** What a fault answers instead of doing the work; null when the work is done all the same. */
export function faultAnswer(fault: ApiFault | null, path: string): Answer | null {
  switch (fault?.kind) {
    case 'unauthorized':
      return refusalAnswer(UNAUTHORIZED)
    case 'forbidden':
      return refusalAnswer(refuse(403, fault.message ?? FORBIDDEN.message))
    case 'rate_limited': {
      const { retryAfterSeconds } = fault
      return refusalAnswer(
        retryAfterSeconds === undefined ? RATE_LIMITED : { ...RATE_LIMITED, retryAfterSeconds },
      )
    }
    case 'server_error':
      return fault.placed ? null : refusalAnswer({ ...SERVER_ERROR, status: fault.status })
    case 'redirect':
      return { status: fault.status, body: {}, headers: { location: fault.location ?? path } }
    case 'slow':
    case 'cut':
    case 'cut_before':
    case 'malformed':
    case undefined:
      return null
  }
}

function render(result: Answer, format: Format): { type: string; text: string } {
  if (format === 'json') return { type: 'application/json', text: JSON.stringify(result.body) }
  return { type: 'application/xml', text: twilioResponse(result.body) }
}

/** Sends half of an answer and drops the connection; with nothing to send, drops it at once. */
function cutReply(reply: FastifyReply, text: string | null): void {
  reply.hijack()
  const { raw } = reply
  if (text === null) {
    raw.socket?.destroy()
    return
  }
  raw.writeHead(200, {
    'content-length': Buffer.byteLength(text),
    'content-type': 'application/json',
  })
  raw.write(text.slice(0, text.length / 2), () => raw.socket?.destroy())
}

/**
 * Logs when a request that places a call came and when its reply was over, with the port it came from: whoever asked
 * between the two moments and died there does not know what became of the call.
 */
function noteLife(
  log: TruthLog,
  o: { request: FastifyRequest; reply: FastifyReply; sid: string; fields: Fields },
): void {
  const customField = o.fields.find(([name]) => name === 'CustomField')?.[1] ?? null
  const asked = { accountSid: o.sid, customField, port: o.request.socket.remotePort ?? null }
  log.add({ kind: 'asked', ...asked })
  o.reply.raw.once('close', () => {
    log.add({ kind: 'answered', ...asked, complete: o.reply.raw.writableFinished })
  })
}

export type V1Work = (account: Account) => Answer | Promise<Answer>

/**
 * Runs one v1 request: credentials, limit, faults, the work, the reply. `on` says whether it places a call.
 */
export async function serveV1(
  deps: ApiDeps,
  o: {
    request: FastifyRequest
    reply: FastifyReply
    sid: string
    format: Format
    on: 'connect' | 'read'
    fields: Fields
    work: V1Work
  },
): Promise<unknown> {
  const { request, reply, sid, format } = o
  const path = request.url.split('?')[0] ?? ''
  const note = (status: number, fault?: string) =>
    deps.log.add({
      ...{ kind: 'request', accountSid: sid, method: request.method, path, status },
      ...(fault === undefined ? {} : { fault }),
    })
  if (o.on === 'connect') noteLife(deps.log, o)
  const send = (result: Answer) => {
    const { type, text } = render(result, format)
    return reply.status(result.status).headers(result.headers).type(type).send(text)
  }

  const account = admit(deps, request, sid)
  if (isRefusal(account)) {
    note(account.status)
    return send(refusalAnswer(account))
  }
  const numbers = o.fields.filter(([name]) => name === 'From' || name === 'To').map(([, v]) => v)
  const fault = deps.faults.takeApi({ accountSid: sid, on: o.on, numbers })
  if (fault?.kind === 'cut_before') {
    note(0, fault.kind)
    cutReply(reply, null)
    return reply
  }
  const instead = faultAnswer(fault, path)
  if (instead) {
    note(instead.status, fault?.kind)
    return send(instead)
  }
  const result = await o.work(account)
  note(result.status, fault?.kind)
  if (fault?.kind === 'server_error') {
    return send(refusalAnswer({ ...SERVER_ERROR, status: fault.status }))
  }
  if (fault?.kind === 'slow') await deps.clock.sleep(fault.ms)
  if (fault?.kind === 'malformed') {
    return reply.status(200).type('text/html').send('<html><body>{"Call":{"Sid":')
  }
  if (fault?.kind !== 'cut') return send(result)
  cutReply(reply, render(result, format).text)
  return reply
}
