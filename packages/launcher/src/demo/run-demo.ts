import { createTerminal, printCall } from '@callwire/cli'
import { createClient, followCall } from '@callwire/sdk'

import type { Console } from '../console.ts'
import type { System } from '../system.ts'
import { placeDemoCall } from './place-call.ts'
import { simulatorHost, type SimulatorAccount } from './simulator.ts'
import { whatWentWrong } from './what-went-wrong.ts'

/** The simulated conversations last some ten seconds; the rest is for a busy machine. */
const callBoundMs = 90_000

/** Places the demo's call and prints it up to its receipt. Gives what went wrong as a sentence, or null. */
export async function runDemoCall(o: {
  system: System
  apiKey: string
  account: SimulatorAccount
  console: Console
  stdout: Parameters<typeof createTerminal>[0]
  signal: AbortSignal
}): Promise<{ callId: string; phoneId: string; problem: string | null }> {
  const { system, apiKey, console } = o
  const client = createClient({ baseUrl: system.urls.gateway, token: apiKey })
  const { callId, phoneId } = await placeDemoCall({
    client,
    account: o.account,
    simulatorHost: simulatorHost(system.places),
  })
  console.result(`A simulated call, ${callId}: the Exotel simulator plays both people.`)
  const followed = followCall({
    url: system.urls.copilot,
    token: apiKey,
    callId,
    signal: AbortSignal.any([o.signal, AbortSignal.timeout(callBoundMs)]),
  })
  const ending = await printCall(followed, createTerminal(o.stdout))
  return { callId, phoneId, problem: whatWentWrong(ending) }
}
