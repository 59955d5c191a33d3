import { type JsonLines } from './journal.ts'

/** One line of what the simulator did. Ids, numbers and hosts; never a token, never a URL's path. */
export type LogEntry = {
  at: string
  kind: string
  accountSid?: string
  callSid?: string
  [detail: string]: unknown
}

export type TruthLog = {
  add(entry: Omit<LogEntry, 'at'> & { kind: string }): void
  list(filter: {
    callSid?: string | undefined
    kind?: string | undefined
    limit: number
  }): LogEntry[]
}

/** How many lines stay in memory; a file, where there is one, keeps all. */
const KEPT = 50_000

export function createTruthLog(now: () => number, file: JsonLines): TruthLog {
  let entries: LogEntry[] = []
  return {
    add(entry) {
      const line: LogEntry = { at: new Date(now()).toISOString(), ...entry }
      entries.push(line)
      if (entries.length > KEPT * 1.2) entries = entries.slice(-KEPT)
      file.append(line)
    },
    list({ callSid, kind, limit }) {
      const chosen = entries.filter(
        (entry) =>
          (callSid === undefined || entry.callSid === callSid) &&
          (kind === undefined || entry.kind === kind),
      )
      return chosen.slice(-limit)
    },
  }
}

/** The host of a URL, all that the log keeps of it. */
export const hostOf = (url: string | null | undefined): string | null =>
  typeof url === 'string' && URL.canParse(url) ? new URL(url).host : null
