import { type FastifyInstance, type FastifyRequest } from 'fastify'
import { callV1 } from '../wire/call-v1.ts'
import { readConnect } from '../wire/connect-request.ts'
import { type Fields, parseForm, type ParsedForm } from '../wire/form.ts'
import { refuse } from '../wire/rest-exception.ts'
import {
  type Answer,
  answer,
  type ApiDeps,
  type Format,
  refusalAnswer,
  serveV1,
} from './v1-guard.ts'

/** An early callback holds the reply back no longer than this. */
const EARLY_MS = 30_000

const UNREADABLE: Record<'content_type' | 'malformed', string> = {
  content_type: 'Invalid content type, expected form data',
  malformed: 'Malformed request body',
}

async function connect(
  deps: ApiDeps,
  form: ParsedForm,
  account: { sid: string; phones: readonly string[] | null },
): Promise<Answer> {
  if (form.kind === 'unreadable') return refusalAnswer(refuse(400, UNREADABLE[form.reason]))
  const result = readConnect(form.fields, account)
  if (result.kind === 'refused') return refusalAnswer(result.refusal)
  const call = deps.exchange.place(result.order)
  const view = { reply: 'created', nowMs: deps.clock.now(), settleMs: deps.settleMs } as const
  const body = answer({ Call: callV1(call, view) })
  if (deps.faults.of('early', call).length > 0) {
    await Promise.race([deps.exchange.firstCallback(call.sid), deps.clock.sleep(EARLY_MS)])
  }
  return body
}

/** `POST Calls/connect` and `Calls/connect.json`: the three ways to place a call. */
export function registerConnect(app: FastifyInstance, deps: ApiDeps): void {
  const route = (path: string, format: Format) =>
    app.post(path, async (request: FastifyRequest<{ Params: { sid: string } }>, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      const form = parseForm(request.headers['content-type'], body)
      const fields: Fields = form.kind === 'form' ? form.fields : []
      return serveV1(deps, {
        ...{ request, reply, sid: request.params.sid, format, on: 'connect', fields },
        work: (account) => connect(deps, form, account),
      })
    })
  route('/v1/Accounts/:sid/Calls/connect', 'xml')
  route('/v1/Accounts/:sid/Calls/connect.json', 'json')
}
