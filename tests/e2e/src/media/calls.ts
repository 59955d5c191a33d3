import { setTimeout as sleep } from 'node:timers/promises'
import type { CallEvent } from '@callwire/contracts'
import type { Constellation } from '../constellation.ts'
import { account, type CustomScript } from '../simulator.ts'
import { saidWords, violations, type Told } from './check.ts'
import { readSpoken, type Spoken } from './spoken.ts'

/**
 * How a call's audio comes: `splice` through the gateway by a token good for one socket, `direct` to
 * ingest with the phone's credentials, so that a further socket may come; `person` as `splice`, for a call
 * between two people, who talk on when nobody listens.
 */
export type Way = 'splice' | 'direct' | 'person'

export type LiveCall = { callId: string; callSid: string; way: Way }

export type Calls = {
  /** Where `direct` calls bring their audio, credentials included. Secret. */
  readonly directUrl: string
  /** What is said in the calls placed from now on. */
  speak(script: CustomScript): Promise<void>
  /** Places calls and waits until each has an open media socket. */
  place(ways: readonly Way[]): Promise<LiveCall[]>
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
    o: (call: LiveCall) => Omit<Told, 'callId' | 'turns' | 'spokenMs' | 'events'>,
  ): Promise<string[]>
  /** How many words were spoken in these calls, and how many of them are told. */
  tally(calls: readonly LiveCall[]): Promise<{ spoken: number; told: number }>
}

const APP_ID = '4711'
const AGENT = '+919812345678'
/** One phone for each way, and one agent for each phone. */
const lines = [
  { way: 'splice', number: '+918047112211', agent: { name: 'Stream', kind: 'stream' } },
  { way: 'direct', number: '+918047112212', agent: { name: 'Flow', kind: 'flow', appId: APP_ID } },
  { way: 'person', number: '+918047112213', agent: { name: 'Asha', kind: 'human', number: AGENT } },
] as const
/** From the end of a call to its receipt, which may have to wait for a lost socket to be noticed. */
const RECEIPT_MS = 120_000
const OPEN_MS = 30_000
const LOOK_EVERY_MS = 250

let person = 9_870_000_000

/** Prepares a phone for each way that calls come, and a simulator that answers at once and has room. */
export async function prepareCalls(system: Constellation): Promise<Calls> {
  const { client, simulator } = system
  await simulator.ask('POST', '/simulator/accounts', {
    ...{ ...account, activeStreamLimit: 500, requestsPerMinute: 10_000 },
  })
  await simulator.ask('POST', '/simulator/scenario', { timeScale: 0.05 })
  const phones = new Map<Way, string>()
  for (const { way, number, agent } of lines) {
    const { id: agentId } = (await client.agents.create(agent)).agent
    const exotelConfig = { ...account, subdomain: simulator.host }
    const { phone } = await client.phones.import({ number, country: 'IN', exotelConfig, agentId })
    phones.set(way, phone.id)
  }
  const made = await client.phones.createIngestCredentials(phones.get('direct') ?? '')
  const direct = new URL(`${system.runFile().ingestUrl}/v1/ingest`)
  direct.username = made.ingestCredentials.key
  direct.password = made.ingestCredentials.token
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
    directUrl: direct.href,
    spoken,
    told,
    async speak(script) {
      await simulator.script(script)
    },
    async place(ways) {
      const placed = await Promise.all(
        ways.map(async (way) => {
          const to = `+91${(person += 1)}`
          const { call } = await client.calls.place({ phoneId: phones.get(way) ?? '', to })
          return { callId: call.id, way }
        }),
      )
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
    async tally(calls) {
      const sums = { spoken: 0, told: 0 }
      for (const call of calls) {
        const { turns, spokenMs } = await spoken(call)
        sums.told += saidWords({ turns, events: await told(call) })
        sums.spoken += turns
          .flatMap(({ words }) => words)
          .filter(({ endMs }) => endMs <= spokenMs).length
      }
      return sums
    },
  }
}
