import { readFile } from 'node:fs/promises'
import { MOST_NUMBERS_AT_ONCE } from '@callwire/contracts'
import { CallwireError } from '@callwire/sdk'
import type { Command } from 'commander'
import { CliFailure } from '../failure.ts'
import { inParts, numberLines, type NumberLine } from '../settings/number-lines.ts'
import { apiClient } from './api-client.ts'
import type { Context } from './context.ts'

type Options = { reason: string; country: string; until?: string }

/** `never-call import`: a register's file, a part at a time; done twice it changes nothing. */
export function registerNeverCallImport(neverCall: Command, context: Context): void {
  neverCall
    .command('import <file>')
    .description('refuse calls to every number of a file: one a line, or a CSV’s first column')
    .requiredOption('--reason <words>', 'why')
    .option('--until <time>', 'they may be called again from then on, ISO 8601 with zone')
    .option('--country <code>', 'whose numbering plan local numbers belong to', 'IN')
    .action(async (file: string, o: Options) => {
      const api = apiClient(context)
      const lines = numberLines(await textOf(file))
      const total = { added: 0, replaced: 0 }
      for (const part of inParts(lines, MOST_NUMBERS_AT_ONCE)) {
        const body = {
          numbers: part.map(({ number }) => number),
          country: o.country,
          reason: o.reason,
          ...(o.until === undefined ? {} : { expiresAt: o.until }),
        }
        const done = await api.neverCall.import(body).catch((error: unknown) => {
          throw refusedLine(error, part) ?? error
        })
        total.added += done.import.added
        total.replaced += done.import.replaced
      }
      const text = `${String(total.added)} numbers added, ${String(total.replaced)} replaced`
      context.output().result({ import: total }, text)
    })
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    throw new CliFailure(`${file} cannot be read.`)
  }
}

/** Which line of the file the gateway refused: people look into files, not into requests. */
function refusedLine(error: unknown, part: readonly NumberLine[]): CliFailure | null {
  if (!(error instanceof CallwireError)) return null
  const found = /"body\.numbers\.(\d+)"/.exec(JSON.stringify(error.details))
  const line = part[Number(found?.[1])]?.line
  if (line === undefined) return null
  return new CliFailure(
    `Line ${String(line)} is no phone number; what stands before it in full parts of ${String(MOST_NUMBERS_AT_ONCE)} is on the list, and doing it again changes nothing there.`,
    { code: error.code, details: { line } },
  )
}
