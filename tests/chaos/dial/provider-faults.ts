import { askOk } from './http.ts'

/** How people and the telephone world treat the calls, by the last digit of the person's number. */
const scenarios = [
  { ringAfterMs: 60, ringMs: 150, secondLegMs: 100, talkMs: 400, endDelayMs: 50 },
  { number: '6', outcome: 'busy', ringAfterMs: 60, ringMs: 200 },
  { number: '7', outcome: 'no-answer', ringAfterMs: 60, ringMs: 400 },
  { number: '8', outcome: 'failed', ringAfterMs: 30, ringMs: 30 },
  { number: '9', ringAfterMs: 100, ringMs: 300, secondLegMs: 200, talkMs: 2_000, endDelayMs: 50 },
]

/** @param timeoutMs - how long the dialer waits for a reply */
const requestFaults = (timeoutMs: number) => [
  // Placed, and the reply says so to nobody.
  { kind: 'cut', chance: 0.06 },
  { kind: 'malformed', chance: 0.02 },
  { kind: 'server_error', placed: true, status: 502, chance: 0.03 },
  { kind: 'slow', ms: timeoutMs + 1_500, chance: 0.02 },
  // Not placed, and from here it looks the same.
  { kind: 'cut_before', chance: 0.02 },
  { kind: 'server_error', chance: 0.02 },
  // Refused, to be sent again.
  { kind: 'rate_limited', chance: 0.03 },
  { kind: 'rate_limited', retryAfterSeconds: 2, chance: 0.03 },
  // A reply that takes its time, so that there is something to be killed in.
  { kind: 'slow', ms: 300, chance: 0.3 },
  { kind: 'slow', ms: 1_200, chance: 0.3 },
  // Whoever asks afterwards is not served any better.
  { kind: 'server_error', on: 'read', chance: 0.05 },
  { kind: 'rate_limited', on: 'read', retryAfterSeconds: 1, chance: 0.03 },
  { kind: 'cut', on: 'read', chance: 0.03 },
  { kind: 'malformed', on: 'read', chance: 0.02 },
  { kind: 'slow', on: 'read', ms: 800, chance: 0.05 },
]

const callbackFaults = [
  { kind: 'missing', chance: 0.05 },
  { kind: 'missing', event: 'terminal', chance: 0.08 },
  { kind: 'missing', event: 'answered', chance: 0.08 },
  { kind: 'twice', chance: 0.15 },
  { kind: 'reordered', chance: 0.15 },
  { kind: 'late', ms: 2_500, chance: 0.1 },
  { kind: 'early', chance: 0.05 },
  { kind: 'null_status', chance: 0.05 },
]

/** Sets up a provider at its worst. Returns what takes the faults of its API away again. */
export async function misbehave(
  simulatorUrl: string,
  o: { timeoutMs: number },
): Promise<() => Promise<void>> {
  const tell = (path: string, body: unknown) =>
    askOk('POST', `${simulatorUrl}/simulator/${path}`, { body })
  for (const scenario of scenarios) await tell('scenario', scenario)
  const always = { times: 'always' as const }
  for (const fault of callbackFaults) await tell('faults', { ...always, ...fault })
  const ids: string[] = []
  for (const fault of requestFaults(o.timeoutMs)) {
    const { fault: made } = (await tell('faults', { ...always, ...fault })) as {
      fault: { id: string }
    }
    ids.push(made.id)
  }
  return async () => {
    for (const id of ids) await askOk('DELETE', `${simulatorUrl}/simulator/faults/${id}`)
  }
}
