import { setTimeout as sleep } from 'node:timers/promises'
import type { CallEvent } from '@callwire/contracts'
import type { Constellation } from '../constellation.ts'
import { account, type CustomScript } from '../simulator.ts'
import { violations, type Told } from './check.ts'
import { readSpoken, type Spoken } from './spoken.ts'

/**
 * How a call's audio comes: `splice` through the gateway by a token good for one socket, `direct` to
 * ingest with the phone's credentials, so that a further socket may come; `person` as `splice`, for a call
 * between two people, who talk on when nobody listens.
 */
export type Way = 'splice' | 'direct' | 'person'

export type LiveCall = { callId: string; callSid: string; way: Way }

export type Calls = {
  /** Places calls, all speaking this script, and waits until each has an open media socket. */
  place(o: { script: CustomScript; ways: readonly Way[] }): Promise<LiveCall[]>
  spoken(call: LiveCall): Promise<Spoken>
  /** Waits until each call has been speaking for `ms`; gives for how long each has, by its id. */
  speaking(calls: readonly LiveCall[], ms: number): Promise<ReadonlyMap<string, number>>
  /** The same until the first of them is in the middle of a word in the middle of this turn, counted from 0. */
  speakingTurn(calls: readonly LiveCall[], turn: number): Promise<ReadonlyMap<string, number>>
  /** All of the ledger's events, once the call's receipt is the last of them. */
  told(call: LiveCall): Promise<CallEvent[]>
  /** What is wrong with what is told of these calls, each line with the call's way. */
  problems(
    calls: readonly LiveCall[],
    o: (call: LiveCall) => Pick<Told, 'mayMiss' | 'exactToMs' | 'toleranceMs'>,
  ): Promise<string[]>
}

const APP_ID = '4711'
const AGENT = '+919812345678'
/** From the end of a call to its receipt, which may have to wait for a lost socket to be noticed. */
const RECEIPT_MS = 60_000
const OPEN_MS = 30_000
const LOOK_EVERY_MS = 250

let person = 9_870_000_000

/** Prepares a phone and three kinds of agent, and a simulator that answers at once and has room. */
export async function prepareCalls(system: Constellation): Promise<Calls> {
  const { client, simulator } = system
  await simulator.ask('POST', '/simulator/accounts', {
    ...{ ...account, activeStreamLimit: 500, requestsPerMinute: 10_000 },
  })
  await simulator.ask('POST', '/simulator/scenario', { timeScale: 0.05 })
  const phoneId = await system.phoneWith({ name: 'Stream', kind: 'stream' })
  const stream = (await client.phones.get(phoneId)).phone.agentId ?? ''
  const flow = await client.agents.create({ name: 'Flow', kind: 'flow', appId: APP_ID })
  const human = await client.agents.create({ name: 'Asha', kind: 'human', number: AGENT })
  const agents = { splice: stream, direct: flow.agent.id, person: human.agent.id }
  const { ingestCredentials } = await client.phones.createIngestCredentials(phoneId)
  const direct = new URL(`${system.runFile().ingestUrl}/v1/ingest`)
  direct.username = ingestCredentials.key
  direct.password = ingestCredentials.token
  await simulator.ask('PUT', `/simulator/flows/${APP_ID}`, { url: direct.href })

  const sidOf = async (callId: string): Promise<string | null> => {
    const path = `/simulator/calls?customField=${callId}`
    const { calls } = (await simulator.ask('GET', path)) as { calls: { callSid: string }[] }
    return calls[0]?.callSid ?? null
  }

  const until = async <T>(boundMs: number, what: string, look: () => Promise<T | null>) => {
    const endMs = performance.now() + boundMs
    for (;;) {
      const seen = await look()
      if (seen !== null) return seen
      if (performance.now() > endMs) throw new Error(`never seen: ${what}`)
      await sleep(LOOK_EVERY_MS)
    }
  }

  const spoken = (call: LiveCall) => readSpoken(simulator, call.callSid)

  const told = (call: LiveCall) =>
    until(RECEIPT_MS, `the receipt of ${call.callId} (${call.way})`, async () => {
      // The gateway may be what was killed.
      const look = client.calls.receipt(call.callId)
      if (!(await look.catch(() => ({ complete: false }))).complete) return null
      const events: CallEvent[] = []
      for (;;) {
        const after = events.at(-1)?.seq ?? 0
        const page = await client.calls.events(call.callId, { after, limit: 500 })
        events.push(...page.events)
        if (page.events.length < 500) return events
      }
    })

  const speaking = async (calls: readonly LiveCall[], ms: number) => {
    const starts = await Promise.all(
      calls.map(async (call) => [call.callId, (await spoken(call)).startedAtMs ?? 0] as const),
    )
    const lastStart = Math.max(...starts.map(([, atMs]) => atMs))
    await sleep(Math.max(0, lastStart + ms - Date.now()))
    const nowMs = Date.now()
    return new Map(starts.map(([callId, atMs]) => [callId, nowMs - atMs]))
  }

  return {
    spoken,
    told,
    async place({ script, ways }) {
      await simulator.script(script)
      const placed: { callId: string; way: Way }[] = []
      for (const way of new Set(ways)) {
        await client.phones.update(phoneId, { agentId: agents[way] })
        const some = await Promise.all(
          ways
            .filter((one) => one === way)
            .map(() => client.calls.place({ phoneId, to: `+91${(person += 1)}` })),
        )
        placed.push(...some.map(({ call }) => ({ callId: call.id, way })))
      }
      return Promise.all(
        placed.map((one) =>
          until(OPEN_MS, `the media socket of ${one.callId} (${one.way})`, async () => {
            const callSid = await sidOf(one.callId)
            if (callSid === null) return null
            const call = { ...one, callSid }
            return (await spoken(call)).startedAtMs === null ? null : call
          }),
        ),
      )
    },
    speaking,
    async speakingTurn(calls, turn) {
      const [first] = calls
      if (first === undefined) throw new RangeError('no call')
      const { words = [] } = (await spoken(first)).turns[turn] ?? {}
      const word = words[Math.floor(words.length / 2)]
      if (word === undefined) throw new RangeError('no such turn')
      const ms = (word.startMs + word.endMs) / 2
      await speaking([first], ms)
      return speaking(calls, 0)
    },
    async problems(calls, o) {
      const all = await Promise.all(
        calls.map(async (call) => {
          const events = await told(call)
          const { turns, spokenMs } = await spoken(call)
          const { callId, way } = call
          return violations({ callId, turns, spokenMs, events, ...o(call) }).map(
            (problem) => `${way} ${callId}: ${problem}`,
          )
        }),
      )
      return all.flat()
    },
  }
}
