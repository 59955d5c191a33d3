import { randomUUID } from 'node:crypto'
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { callDetailsV1, callV1 } from '../wire/call-v1.ts'
import { callV3, envelopeV3, failureV3 } from '../wire/call-v3.ts'
import { pageOf, parseListQuery } from '../wire/list-filter.ts'
import { NOT_FOUND } from '../wire/rest-exception.ts'
import { type XmlValue } from '../wire/xml.ts'
import {
  admit,
  answer,
  type ApiDeps,
  faultAnswer,
  isRefusal,
  refusalAnswer,
  serveV1,
} from './v1-guard.ts'

type Query = Record<string, string | undefined>
type Request = FastifyRequest<{ Params: { sid: string; call: string }; Querystring: Query }>

function oneCall(deps: ApiDeps, request: Request, reply: FastifyReply): Promise<unknown> {
  const { sid, call: name } = request.params
  const isJson = name.endsWith('.json') || request.url.includes('/Calls.json/')
  const callSid = name.replace(/\.json$/, '')
  return serveV1(deps, {
    ...{ request, reply, sid, format: isJson ? 'json' : 'xml', on: 'read', fields: [] },
    work: (account) => {
      const call = deps.exchange.get(callSid)
      if (call?.accountSid !== account.sid) return refusalAnswer(NOT_FOUND)
      const view = { reply: 'details', nowMs: deps.clock.now(), settleMs: deps.settleMs } as const
      const body: Record<string, XmlValue> = callV1(call, view)
      if (request.query['details'] === 'true') body['Details'] = callDetailsV1(call)
      return answer({ Call: body })
    },
  })
}

function pageUri(request: Request, cursor: Record<string, string>): string {
  const [path, query] = request.url.split('?')
  const search = new URLSearchParams(query)
  search.delete('Before')
  search.delete('After')
  for (const [name, value] of Object.entries(cursor)) search.set(name, value)
  const text = search.toString()
  return `${path ?? ''}${text === '' ? '' : `?${text}`}`
}

function listCalls(deps: ApiDeps, request: Request, reply: FastifyReply): Promise<unknown> {
  const isJson = request.url.split('?')[0]?.endsWith('.json') ?? false
  return serveV1(deps, {
    ...{ request, reply, sid: request.params.sid, format: isJson ? 'json' : 'xml' },
    ...{ on: 'read', fields: [] },
    work: (account) => {
      const nowMs = deps.clock.now()
      const parsed = parseListQuery(request.query, nowMs)
      if (parsed.kind === 'refused') return refusalAnswer(parsed.refusal)
      const own = deps.exchange.list().filter((call) => call.accountSid === account.sid)
      const page = pageOf(own, parsed.filter)
      const view = { reply: 'details', nowMs, settleMs: deps.settleMs } as const
      return answer({
        Metadata: {
          Total: page.total,
          PageSize: parsed.filter.pageSize,
          FirstPageUri: pageUri(request, {}),
          PrevPageUri: page.before === null ? null : pageUri(request, { Before: page.before }),
          NextPageUri: page.after === null ? null : pageUri(request, { After: page.after }),
        },
        Calls: page.calls.map((call) => callV1(call, view)),
      })
    },
  })
}

function activeStreams(deps: ApiDeps, request: Request, reply: FastifyReply): Promise<unknown> {
  return serveV1(deps, {
    ...{ request, reply, sid: request.params.sid, format: 'xml', on: 'read', fields: [] },
    work: (account) =>
      answer({
        Stream: {
          ActiveStreamCount: deps.exchange.activeStreams(account.sid),
          ThrottleLimit: account.activeStreamLimit,
        },
      }),
  })
}

/** v3 has an envelope and error codes of its own. */
function detailsV3(deps: ApiDeps, request: Request, reply: FastifyReply): unknown {
  const { sid, call: callSid } = request.params
  const requestId = randomUUID().replaceAll('-', '')
  const path = request.url.split('?')[0] ?? ''
  const note = (status: number) =>
    deps.log.add({ kind: 'request', accountSid: sid, method: request.method, path, status })
  const fail = (status: number, code: number, message: string) => {
    note(status)
    return reply.status(status).send(failureV3(requestId, status, code, message))
  }
  const account = admit(deps, request, sid)
  if (isRefusal(account)) {
    return fail(account.status, account.status === 401 ? 1010 : 1030, account.message)
  }
  const fault = deps.faults.takeApi({ accountSid: sid, on: 'read', numbers: [] })
  const instead = faultAnswer(fault, request.url)
  if (instead) {
    void reply.headers(instead.headers)
    return fail(instead.status, instead.status * 10, 'Fault on demand')
  }
  const call = deps.exchange.get(callSid)
  if (call?.accountSid !== account.sid) return fail(404, 10716, 'Call not found')
  note(200)
  return envelopeV3(requestId, { code: 200, status: 'success', call_details: callV3(call) })
}

/** Everything that only reads: one call, the bulk list, the streams, and v3's details. */
export function registerReads(app: FastifyInstance, deps: ApiDeps): void {
  const get = (
    path: string,
    handler: (deps: ApiDeps, request: Request, reply: FastifyReply) => unknown,
  ) => app.get(path, (request: Request, reply) => handler(deps, request, reply))
  get('/v1/Accounts/:sid/Calls', listCalls)
  get('/v1/Accounts/:sid/Calls.json', listCalls)
  get('/v1/Accounts/:sid/Calls/:call', oneCall)
  get('/v1/Accounts/:sid/Calls.json/:call', oneCall)
  get('/v1/Accounts/:sid/ActiveStreams', activeStreams)
  get('/v3/accounts/:sid/calls/:call', detailsV3)
}
