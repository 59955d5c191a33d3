import type { Logger } from '@callwire/runtime'

/** How the launcher speaks: results on standard output, everything else on standard error. */
export type Console = {
  /** A result: one line on standard output. */
  result(line: string): void
  /** What is going on: a plain line for a person, a JSON log line for a machine. */
  progress(line: string): void
  readonly forPerson: boolean
}

type Stream = { write(text: string): unknown; readonly isTTY?: boolean }

/** A person looks where standard output is a terminal. */
export function createConsole(o: { stdout: Stream; stderr: Stream; log: Logger }): Console {
  const forPerson = o.stdout.isTTY === true
  return {
    forPerson,
    result(line) {
      o.stdout.write(`${line}\n`)
    },
    progress(line) {
      if (forPerson) o.stderr.write(`callwire: ${line}\n`)
      else o.log.info({ step: line }, 'progress')
    },
  }
}
