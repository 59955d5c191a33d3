import { z } from 'zod'
import { type Script, ScriptSchema } from '../scripts/script.ts'
import { type Account } from './accounts.ts'
import { type Call } from './call.ts'
import { type JsonLines } from './journal.ts'
import { createScripts, type ScriptChoice, type Scripts } from './scripts.ts'

/** What outlives a restart, one line per change; the last line about a thing is the true one. */
type Change =
  | { type: 'account'; account: Account }
  | { type: 'flow'; appId: string; url: string | null }
  | { type: 'script'; script: Script }
  | { type: 'choice'; choice: ScriptChoice }
  | { type: 'call'; call: Call }

export type SimulatorState = {
  accounts: ReadonlyMap<string, Account>
  flows: ReadonlyMap<string, string>
  scripts: Scripts
  putAccount(account: Account): void
  putFlow(appId: string, url: string | null): void
  putScript(script: Script): void
  choose(choice: ScriptChoice): void
  /** Notes a call's new state. */
  putCall(call: Call): void
}

const Line = z.looseObject({ type: z.string() })

/**
 * Accounts, flows and scripts, remembered in a journal. `replay` is an earlier process's journal; the calls in it are
 * returned for the exchange to take over.
 */
export function createState(
  journal: JsonLines,
  replay: readonly unknown[],
): { state: SimulatorState; earlierCalls: Call[] } {
  const accounts = new Map<string, Account>()
  const flows = new Map<string, string>()
  const scripts = createScripts()
  const calls = new Map<string, Call>()

  function apply(change: Change): void {
    switch (change.type) {
      case 'account':
        accounts.set(change.account.sid, change.account)
        return
      case 'flow':
        if (change.url === null) flows.delete(change.appId)
        else flows.set(change.appId, change.url)
        return
      case 'script':
        scripts.add(ScriptSchema.parse(change.script))
        return
      case 'choice':
        scripts.choose(change.choice)
        return
      case 'call':
        calls.set(change.call.sid, change.call)
    }
  }

  const record = (change: Change) => {
    apply(change)
    journal.append(change)
  }

  // The journal is this program's own writing; a line of an unknown type comes from a newer one.
  for (const line of replay) if (Line.safeParse(line).success) apply(line as Change)
  const earlierCalls = [...calls.values()]
  calls.clear()

  return {
    earlierCalls,
    state: {
      accounts,
      flows,
      scripts,
      putAccount: (account) => record({ type: 'account', account }),
      putFlow: (appId, url) => record({ type: 'flow', appId, url }),
      putScript: (script) => record({ type: 'script', script }),
      choose: (choice) => record({ type: 'choice', choice }),
      // The stream's address may hold a token and is of no use after a restart.
      putCall: (call) => journal.append({ type: 'call', call: { ...call, streamUrl: null } }),
    },
  }
}
