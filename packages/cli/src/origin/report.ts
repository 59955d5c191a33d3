import { createTerminal } from '../call-view/terminal.ts'
import type { Stream } from '../output.ts'
import type { LineReport, Outcome } from './import-phones.ts'

export type Totals = Record<Outcome, number> & {
  lines: number
  withoutCredentials: number
  hadAgent: number
}

/** Tells of each line as it is done, and of all of them at the end. Nothing is kept but the counts. */
export type Report = {
  line(report: LineReport, bytesRead: number): void
  end(): Totals
}

export function createReport(o: {
  stream: Stream
  json: boolean
  dryRun: boolean
  fileBytes: number
}): Report {
  const totals: Totals = {
    ...{ lines: 0, imported: 0, completed: 0, existing: 0, ready: 0, skipped: 0, failed: 0 },
    ...{ withoutCredentials: 0, hadAgent: 0 },
  }
  const count = (report: LineReport) => {
    totals.lines += 1
    totals[report.outcome] += 1
    if (report.hadAgent === true) totals.hadAgent += 1
    if (/^(without|incomplete)_credentials$/.test(report.code ?? '')) totals.withoutCredentials += 1
  }
  return o.json ? forPrograms(o, totals, count) : forPeople(o, totals, count)
}

type Options = Parameters<typeof createReport>[0]
type Count = (report: LineReport) => void

/** One object, written as it comes. */
function forPrograms({ stream, dryRun }: Options, totals: Totals, count: Count): Report {
  stream.write(`{"dryRun":${String(dryRun)},"lines":[`)
  return {
    line(report) {
      stream.write(`${totals.lines === 0 ? '' : ','}${JSON.stringify(report)}`)
      count(report)
    },
    end() {
      stream.write(`],"totals":${JSON.stringify(totals)}}\n`)
      return totals
    },
  }
}

function forPeople({ stream, dryRun, fileBytes }: Options, totals: Totals, count: Count): Report {
  const terminal = createTerminal(stream)
  return {
    line(report, bytesRead) {
      count(report)
      terminal.keep([sentence(report)])
      const percent = Math.min(100, Math.floor((100 * bytesRead) / Math.max(1, fileBytes)))
      terminal.live(`${percent} %  line ${report.line}  ${totals.failed} failed`)
    },
    end() {
      terminal.live(null)
      terminal.keep(summary(totals, dryRun))
      return totals
    },
  }
}

function sentence({ line, number, outcome, code, fields, hadAgent }: LineReport): string {
  const why = code === undefined ? [] : [code, ...(fields ?? [])]
  const notes = hadAgent === true ? [...why, 'had_agent'] : why
  const told = notes.length === 0 ? '' : `  (${notes.join(' ')})`
  return `line ${String(line).padEnd(6)} ${number.padEnd(16)} ${outcome}${told}`
}

function summary(totals: Totals, dryRun: boolean): string[] {
  const { lines, imported, completed, existing, ready, skipped, failed } = totals
  const counts = dryRun ? { ready } : { imported, completed }
  const parts = Object.entries({ ...counts, existing, skipped, failed }).map(
    ([name, n]) => `${name} ${n}`,
  )
  return [
    '',
    `lines ${lines}: ${parts.join(', ')}${dryRun ? ' (dry run: nothing was sent)' : ''}`,
    ...(totals.withoutCredentials === 0
      ? []
      : [
          `${totals.withoutCredentials} without Exotel credentials: import those numbers with them.`,
        ]),
    ...(totals.hadAgent === 0
      ? []
      : [`${totals.hadAgent} had an agent: make the agents here, and assign them.`]),
  ]
}
