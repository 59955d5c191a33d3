import { askOk } from './http.ts'

/** How people and the telephone world treat the calls, by the last digit of the person's number. */
const scenarios = [
  { ringAfterMs: 60, ringMs: 150, secondLegMs: 100, talkMs: 400, endDelayMs: 50 },
  { number: '6', outcome: 'busy', ringAfterMs: 60, ringMs: 200 },
  { number: '7', outcome: 'no-answer', ringAfterMs: 60, ringMs: 400 },
  { number: '8', outcome: 'failed', ringAfterMs: 30, ringMs: 30 },
  { number: '9', ringAfterMs: 100, ringMs: 300, secondLegMs: 200, talkMs: 2_000, endDelayMs: 50 },
]

type Fault = { called: string; fault: { kind: string; chance: number; [detail: string]: unknown } }

/** @param timeoutMs - how long the dialer waits for a reply */
const requestFaults = (timeoutMs: number): Fault[] => [
  { called: 'replies cut after placing', fault: { kind: 'cut', chance: 0.06 } },
  { called: 'replies of nonsense after placing', fault: { kind: 'malformed', chance: 0.02 } },
  {
    called: 'replies of 502 after placing',
    fault: { kind: 'server_error', placed: true, status: 502, chance: 0.03 },
  },
  {
    called: 'replies too late after placing',
    fault: { kind: 'slow', ms: timeoutMs + 1_500, chance: 0.02 },
  },
  { called: 'requests cut, not placed', fault: { kind: 'cut_before', chance: 0.02 } },
  { called: 'replies of 500, not placed', fault: { kind: 'server_error', chance: 0.02 } },
  { called: 'replies of 429', fault: { kind: 'rate_limited', chance: 0.03 } },
  {
    called: 'replies of 429 with Retry-After',
    fault: { kind: 'rate_limited', retryAfterSeconds: 2, chance: 0.03 },
  },
  // A reply that takes its time, so that there is something to be killed in.
  { called: 'replies after 0.3 s', fault: { kind: 'slow', ms: 300, chance: 0.3 } },
  { called: 'replies after 1.2 s', fault: { kind: 'slow', ms: 1_200, chance: 0.3 } },
  // Whoever asks afterwards is not served any better.
  ...[
    { kind: 'server_error', chance: 0.05 },
    { kind: 'rate_limited', retryAfterSeconds: 1, chance: 0.03 },
    { kind: 'cut', chance: 0.03 },
    { kind: 'malformed', chance: 0.02 },
    { kind: 'slow', ms: 800, chance: 0.05 },
  ].map((fault) => ({ called: 'questions answered badly', fault: { ...fault, on: 'read' } })),
]

const callbackFaults: Fault[] = [
  { called: 'calls without any callback', fault: { kind: 'missing', chance: 0.05 } },
  {
    called: 'calls without a last callback',
    fault: { kind: 'missing', event: 'terminal', chance: 0.08 },
  },
  {
    called: 'calls without a callback when answered',
    fault: { kind: 'missing', event: 'answered', chance: 0.08 },
  },
  { called: 'calls with doubled callbacks', fault: { kind: 'twice', chance: 0.15 } },
  { called: 'calls with reordered callbacks', fault: { kind: 'reordered', chance: 0.15 } },
  { called: 'calls with late callbacks', fault: { kind: 'late', ms: 2_500, chance: 0.1 } },
  { called: 'calls with callbacks before the reply', fault: { kind: 'early', chance: 0.05 } },
  { called: 'calls with callbacks without a status', fault: { kind: 'null_status', chance: 0.05 } },
]

export type Provider = {
  /** Takes the faults of its API away; those of callbacks stay. */
  behave(): Promise<void>
  /** How often it did what, by name. */
  misdeeds(): Promise<ReadonlyMap<string, number>>
}

/** Sets up a provider at its worst. */
export async function misbehave(simulatorUrl: string, o: { timeoutMs: number }): Promise<Provider> {
  const tell = (path: string, body: unknown) =>
    askOk('POST', `${simulatorUrl}/simulator/${path}`, { body })
  for (const scenario of scenarios) await tell('scenario', scenario)
  const names = new Map<string, string>()
  const set = async ({ called, fault }: Fault): Promise<string> => {
    const answer = await tell('faults', { times: 'always', ...fault })
    const { id } = (answer as { fault: { id: string } }).fault
    names.set(id, called)
    return id
  }
  for (const fault of callbackFaults) await set(fault)
  const ids: string[] = []
  for (const fault of requestFaults(o.timeoutMs)) ids.push(await set(fault))
  const misdeeds = new Map([...names.values()].map((called) => [called, 0]))
  const count = async (which: (id: string) => boolean) => {
    const answer = await askOk('GET', `${simulatorUrl}/simulator/faults`)
    for (const { id, taken } of (answer as { faults: { id: string; taken: number }[] }).faults) {
      const called = names.get(id)
      if (called === undefined || !which(id)) continue
      misdeeds.set(called, (misdeeds.get(called) ?? 0) + taken)
    }
  }
  return {
    async behave() {
      // What is taken away cannot be counted any more.
      await count((id) => ids.includes(id))
      for (const id of ids) await askOk('DELETE', `${simulatorUrl}/simulator/faults/${id}`)
    },
    async misdeeds() {
      await count((id) => !ids.includes(id))
      return misdeeds
    },
  }
}
