import { type Clock } from './clock.ts'
import { createCallbacks } from './life/callbacks.ts'
import { liveCall } from './life/call-life.ts'
import { createCallStreams } from './life/call-stream.ts'
import { type Call, type CallOrder, TERMINAL } from './state/call.ts'
import { type Faults } from './state/faults.ts'
import { type Scenario, scenarioFor } from './state/scenario.ts'
import { type Scripts } from './state/scripts.ts'
import { hostOf, type TruthLog } from './state/truth-log.ts'
import { makeSid } from './wire/sid.ts'

export type Exchange = {
  /** Places a call; its life begins at once. */
  place(order: CallOrder): Call
  get(sid: string): Call | undefined
  /** All calls, oldest first. */
  list(): Call[]
  /** The person hangs up; false when there is no such live call. */
  hangUp(sid: string): boolean
  sendDigit(sid: string, digit: string): boolean
  /** Opens another media socket for a call, which takes over from the one it has; false when it has none. */
  takeOver(sid: string): boolean
  activeStreams(accountSid: string): number
  firstCallback(sid: string): Promise<void>
  /** Takes over calls of an earlier process; those that were live then have ended now. */
  restore(calls: readonly Call[]): void
  scenarios: Scenario[]
  close(): Promise<void>
}

/** How long the last callbacks may take when the simulator stops. */
const CLOSE_GRACE_MS = 2_000

const newCall = (order: CallOrder, nowMs: number, scriptName: string): Call => {
  const leg = () => ({ status: null, answeredAtMs: null, endedAtMs: null })
  return {
    ...order,
    scriptName,
    sid: makeSid(),
    status: 'queued',
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    answeredAtMs: null,
    endedAtMs: null,
    legs: [leg(), order.mode === 'two-numbers' ? leg() : null],
  }
}

/** The telephone exchange: holds the calls and lets each live its life. */
export function createExchange(deps: {
  clock: Clock
  faults: Faults
  scripts: Scripts
  log: TruthLog
  flowUrl: (appId: string) => string | null
  streamLimit: (accountSid: string) => number
  /** Told of every new state of every call. */
  onChange: (call: Call) => void
  /** Told of a fault of the simulator itself. */
  onCrash: (call: Call, error: unknown) => void
  retryScale: number
}): Exchange {
  const { clock, faults, scripts, log } = deps
  const calls = new Map<string, Call>()
  const live = new Map<string, { hangup: AbortController; done: Promise<void> }>()
  const scenarios: Scenario[] = []
  const closing = new AbortController()
  const callbacks = createCallbacks({
    ...{ clock, faults, log, signal: closing.signal, retryScale: deps.retryScale },
  })
  const audioOf = (call: Call) => scripts.audio(call.scriptName ?? '')
  const streams = createCallStreams({ ...deps, audioOf })
  const life = {
    ...{ clock, faults, callbacks, onChange: deps.onChange },
    stream: streams.stream,
    scriptMs: (call: Call) => audioOf(call).plan.durationMs,
  }

  function start(call: Call): void {
    const hangup = new AbortController()
    const done = liveCall(life, call, scenarioFor(scenarios, call), hangup.signal)
      .catch((error: unknown) => deps.onCrash(call, error))
      .finally(() => {
        live.delete(call.sid)
        const { accountSid, sid: callSid, status } = call
        log.add({ kind: 'ended', accountSid, callSid, status })
      })
    live.set(call.sid, { hangup, done })
  }

  return {
    scenarios,
    place(order) {
      const call = newCall(order, clock.now(), order.scriptName ?? scripts.nameFor(order))
      calls.set(call.sid, call)
      faults.bind(call)
      const { accountSid, from, to, phone, mode, customField, scriptName, appId } = call
      log.add({
        ...{ kind: 'placed', accountSid, callSid: call.sid, mode, from, to, callerId: phone },
        ...{ customField, appId, script: scriptName, record: call.record },
        statusCallback: hostOf(call.callback?.url),
        stream: hostOf(call.streamUrl),
      })
      deps.onChange(call)
      start(call)
      return call
    },
    get: (sid) => calls.get(sid),
    list: () => [...calls.values()],
    hangUp(sid) {
      const running = live.get(sid)
      running?.hangup.abort()
      return running !== undefined
    },
    sendDigit: (sid, digit) => streams.sendDigit(sid, digit),
    takeOver: (sid) => streams.takeOver(sid),
    activeStreams: (accountSid) => streams.activeCount(accountSid),
    firstCallback: (sid) => callbacks.firstTried(sid),
    restore(earlier) {
      for (const call of earlier) {
        calls.set(call.sid, call)
        if (TERMINAL.has(call.status)) continue
        call.status = call.answeredAtMs === null ? 'failed' : 'completed'
        call.endedAtMs = call.updatedAtMs = clock.now()
        for (const leg of call.legs) if (leg) leg.endedAtMs ??= clock.now()
        deps.onChange(call)
        callbacks.notify('terminal', call)
      }
    },
    async close() {
      for (const { hangup } of live.values()) hangup.abort()
      const ended = Promise.allSettled([...live.values()].map(({ done }) => done))
      await Promise.race([ended.then(() => callbacks.close()), clock.sleep(CLOSE_GRACE_MS)])
      closing.abort()
    },
  }
}
