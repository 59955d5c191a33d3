import { type FastifyInstance, type FastifyRequest } from 'fastify'
import { z } from 'zod'
import { toWav } from '../audio/wav.ts'
import { type Exchange } from '../exchange.ts'
import { ScriptSchema } from '../scripts/script.ts'
import { AccountSchema, describeAccount, toAccount } from '../state/accounts.ts'
import { FaultSchema } from '../state/fault.ts'
import { type Faults } from '../state/faults.ts'
import { ScenarioSchema } from '../state/scenario.ts'
import { scopeShape } from '../state/scope.ts'
import { type SimulatorState } from '../state/simulator-state.ts'
import { type TruthLog } from '../state/truth-log.ts'
import { MAX_TIME_LIMIT } from '../wire/connect-request.ts'
import { toE164 } from '../wire/phone-number.ts'
import { ControlError, notFound, parse } from './control-error.ts'
import { viewCall, viewScript } from './control-view.ts'

export type ControlDeps = {
  exchange: Exchange
  state: SimulatorState
  faults: Faults
  log: TruthLog
}

const number = z.string().transform((text, context) => {
  const e164 = toE164(text)
  if (e164 === null) context.addIssue({ code: 'custom', message: 'not a phone number' })
  return e164 ?? ''
})

const Inbound = z.strictObject({
  accountSid: z.string(),
  from: number,
  to: number,
  appId: z.string().regex(/^\w{1,64}$/),
  script: z.string().optional(),
})
const Choice = z.strictObject({ ...scopeShape, script: z.union([z.string(), ScriptSchema]) })
const Flow = z.strictObject({ url: z.url({ protocol: /^(wss?|https?)$/ }) })
const LogQuery = z.strictObject({
  callSid: z.string().optional(),
  kind: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(50_000).default(1000),
})
const CallsQuery = z.strictObject({
  accountSid: z.string().optional(),
  customField: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(50_000).default(1000),
})
const Digit = z.strictObject({ digit: z.string().regex(/^[0-9*#]$/) })

type Named<K extends string> = FastifyRequest<{ Params: Record<K, string> }>

function accounts(app: FastifyInstance, { state }: ControlDeps): void {
  app.get('/simulator/accounts', () => ({
    accounts: [...state.accounts.values()].map(describeAccount),
  }))
  app.post('/simulator/accounts', (request, reply) => {
    const account = toAccount(parse(AccountSchema, request.body))
    state.putAccount(account)
    return reply.status(201).send({ account: describeAccount(account) })
  })
}

function flows(app: FastifyInstance, { state }: ControlDeps): void {
  app.get('/simulator/flows', () => ({
    flows: [...state.flows.keys()].map((appId) => ({ appId })),
  }))
  app.put('/simulator/flows/:appId', (request: Named<'appId'>) => {
    const { appId } = request.params
    if (!/^\w{1,64}$/.test(appId)) throw new ControlError('appId is letters, digits and _')
    state.putFlow(appId, parse(Flow, request.body).url)
    return { flow: { appId } }
  })
  app.delete('/simulator/flows/:appId', (request: Named<'appId'>, reply) => {
    state.putFlow(request.params.appId, null)
    return reply.status(204).send()
  })
}

function scripts(app: FastifyInstance, { state }: ControlDeps): void {
  app.get('/simulator/scripts', () => ({ scripts: state.scripts.list().map(viewScript) }))
  app.get('/simulator/scripts/:name', (request: Named<'name'>, reply) => {
    const { name } = request.params
    const script = state.scripts.get(name.replace(/\.wav$/, '')) ?? notFound('script')
    if (!name.endsWith('.wav')) return { script: viewScript(script) }
    return reply.type('audio/wav').send(toWav(state.scripts.audio(script.name).frames))
  })
  app.post('/simulator/script', (request) => {
    const { script, ...scope } = parse(Choice, request.body)
    if (typeof script !== 'string') state.putScript(script)
    const name = typeof script === 'string' ? script : script.name
    const chosen = state.scripts.get(name) ?? notFound('script')
    state.choose({ ...scope, script: name })
    return { script: viewScript(chosen) }
  })
}

function faults(app: FastifyInstance, deps: ControlDeps): void {
  app.get('/simulator/faults', () => ({ faults: deps.faults.list() }))
  app.post('/simulator/faults', (request, reply) => {
    const fault = deps.faults.add(parse(FaultSchema, request.body))
    return reply.status(201).send({ fault })
  })
  app.delete('/simulator/faults', (_request, reply) => {
    deps.faults.clear()
    return reply.status(204).send()
  })
  app.delete('/simulator/faults/:id', (request: Named<'id'>, reply) => {
    deps.faults.clear(request.params.id)
    return reply.status(204).send()
  })
}

function calls(app: FastifyInstance, { exchange, state, log }: ControlDeps): void {
  const find = (sid: string) => exchange.get(sid) ?? notFound('call')
  app.get('/simulator/log', (request) => ({ log: log.list(parse(LogQuery, request.query)) }))
  app.get('/simulator/calls', (request) => {
    const { accountSid, customField, limit } = parse(CallsQuery, request.query)
    const found = exchange
      .list()
      .filter((call) => accountSid === undefined || call.accountSid === accountSid)
      .filter((call) => customField === undefined || call.customField === customField)
    return { calls: found.slice(-limit).map(viewCall) }
  })
  app.get('/simulator/calls/:sid', (request: Named<'sid'>) => {
    const call = find(request.params.sid)
    const script = state.scripts.get(call.scriptName ?? '')
    const spoken = script ? viewScript(script) : null
    return {
      call: {
        ...viewCall(call),
        utterances: spoken?.utterances ?? [],
        scriptMs: spoken?.durationMs ?? 0,
      },
      log: log.list({ callSid: call.sid, limit: 1000 }),
    }
  })
  app.post('/simulator/calls/:sid/hangup', (request: Named<'sid'>) => {
    const call = find(request.params.sid)
    if (!exchange.hangUp(call.sid)) throw new ControlError('the call has ended', 409)
    return { call: viewCall(call) }
  })
  app.post('/simulator/calls/:sid/stream', (request: Named<'sid'>) => {
    const call = find(request.params.sid)
    if (!exchange.takeOver(call.sid)) throw new ControlError('the call has no stream', 409)
    return { call: viewCall(call) }
  })
  app.post('/simulator/calls/:sid/dtmf', (request: Named<'sid'>) => {
    const call = find(request.params.sid)
    const { digit } = parse(Digit, request.body)
    if (!exchange.sendDigit(call.sid, digit)) throw new ControlError('the call has no stream', 409)
    return { call: viewCall(call) }
  })
}

function world(app: FastifyInstance, { exchange, state }: ControlDeps): void {
  app.get('/simulator/scenarios', () => ({ scenarios: exchange.scenarios }))
  app.post('/simulator/scenario', (request, reply) => {
    const scenario = parse(ScenarioSchema, request.body)
    exchange.scenarios.push(scenario)
    return reply.status(201).send({ scenario })
  })
  app.delete('/simulator/scenarios', (_request, reply) => {
    exchange.scenarios.length = 0
    return reply.status(204).send()
  })
  app.post('/simulator/inbound', (request, reply) => {
    const { accountSid, from, to, appId, script } = parse(Inbound, request.body)
    const account = state.accounts.get(accountSid) ?? notFound('account')
    if (account.phones !== null && !account.phones.includes(to)) {
      throw new ControlError('the number called is none of the account')
    }
    if (script !== undefined && !state.scripts.get(script)) notFound('script')
    const call = exchange.place({
      ...{ mode: 'inbound', accountSid, from, to, phone: to, appId, scriptName: script ?? null },
      ...{ streamUrl: null, streamBegin: null, customField: null, callback: null, record: false },
      ...{ timeLimitSeconds: MAX_TIME_LIMIT, timeOutSeconds: null },
    })
    return reply.status(201).send({ call: viewCall(call) })
  })
}

/** `/simulator/…`: what Exotel has no route for. People and tests steer the simulator here. */
export function registerControl(app: FastifyInstance, deps: ControlDeps): void {
  for (const register of [accounts, flows, scripts, faults, calls, world]) register(app, deps)
}
