import { type Clock } from '../clock.ts'
import { type Call, type CallStatus, type TerminalStatus } from '../state/call.ts'
import { type Faults } from '../state/faults.ts'
import { type Scenario } from '../state/scenario.ts'
import { type Callbacks } from './callbacks.ts'
import { type StreamEnd } from './call-stream.ts'

export type LifeDeps = {
  clock: Clock
  faults: Faults
  callbacks: Callbacks
  /** Called after every change of the call. */
  onChange(call: Call): void
  /** Streams the call's audio until it is over, where the call has a stream. */
  stream(call: Call, talkMs: number, hangup: AbortSignal): Promise<StreamEnd>
  /** How long the call's script is, in ms. */
  scriptMs(call: Call): number
}

/**
 * One call from its first ring to its end. `hangup` aborts when the person, or the simulator's end, cuts it short.
 * Resolves when the call is over; its last callback may still be on its way.
 */
export async function liveCall(
  deps: LifeDeps,
  call: Call,
  scenario: Scenario,
  hangup: AbortSignal,
): Promise<void> {
  const { clock, callbacks } = deps
  const isEarly = deps.faults.of('early', call).length > 0
  const wait = (ms: number) => clock.sleep(isEarly ? 0 : ms * scenario.timeScale, hangup)
  const isCut = (): boolean => hangup.aborted
  const change = (status: CallStatus) => {
    call.status = status
    call.updatedAtMs = clock.now()
    deps.onChange(call)
  }
  const endLeg = (index: 0 | 1, status: TerminalStatus) => {
    const leg = call.legs[index]
    if (!leg) return
    leg.status = status
    if (leg.answeredAtMs !== null) leg.endedAtMs = clock.now()
  }
  const end = (status: TerminalStatus) => {
    call.endedAtMs = clock.now()
    change(status)
    callbacks.notify('terminal', call)
  }
  const answer = (index: 0 | 1) => {
    const leg = call.legs[index]
    if (leg) {
      leg.status = 'in-progress'
      leg.answeredAtMs = clock.now()
    }
    call.answeredAtMs ??= clock.now()
    change('in-progress')
    callbacks.notify('answered', call)
  }

  await wait(scenario.ringAfterMs)
  if (isCut()) {
    end('canceled')
    return
  }
  call.legs[0].status = 'ringing'
  change('ringing')
  callbacks.notify('ringing', call)
  const timeOutMs = (call.timeOutSeconds ?? Infinity) * 1000
  const ringsOut = scenario.ringMs * scenario.timeScale > timeOutMs
  await (ringsOut ? clock.sleep(timeOutMs, hangup) : wait(scenario.ringMs))
  const outcome = isCut() ? 'canceled' : ringsOut ? 'no-answer' : scenario.outcome
  if (outcome !== 'completed') {
    endLeg(0, outcome)
    end(outcome)
    return
  }
  answer(0)

  const talk = new AbortController()
  const over = AbortSignal.any([hangup, talk.signal])
  const limit = setTimeout(() => talk.abort(), call.timeLimitSeconds * 1000)
  const talkMs = scenario.talkMs ?? deps.scriptMs(call)
  try {
    const first = call.streamBegin === 'Leg1Connect' ? deps.stream(call, talkMs, over) : null
    if (call.legs[1]) {
      call.legs[1].status = 'ringing'
      await wait(scenario.secondLegMs)
      const second = isCut() ? 'canceled' : scenario.secondLeg
      if (second !== 'completed') {
        endLeg(1, second)
        endLeg(0, 'completed')
        talk.abort()
        await first
        end(second)
        return
      }
      answer(1)
    }
    await talkTo(deps, call, { talkMs, over, first })
  } finally {
    clearTimeout(limit)
  }
  await clock.sleep(scenario.endDelayMs * scenario.timeScale, hangup)
  endLeg(0, 'completed')
  endLeg(1, 'completed')
  end('completed')
}

/** The conversation itself: as long as its stream where the stream is the call, else as long as the people talk. */
async function talkTo(
  deps: LifeDeps,
  call: Call,
  o: { talkMs: number; over: AbortSignal; first: Promise<StreamEnd> | null },
): Promise<void> {
  const stream = o.first ?? deps.stream(call, o.talkMs, o.over)
  const people = () => deps.clock.sleep(o.talkMs, o.over)
  if (call.mode === 'two-numbers') await Promise.all([stream, people()])
  else if ((await stream).by === 'no_stream') await people()
}
