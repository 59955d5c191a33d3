import { isId } from '@callwire/contracts'
import type { Command } from 'commander'
import { CliFailure } from '../failure.ts'
import { table } from '../output.ts'
import { apiClient } from './api-client.ts'
import type { Context } from './context.ts'
import { registerNeverCallImport } from './never-call-import.ts'

type Country = { country: string }

/** `never-call add`, `never-call import`, `never-call list`, `never-call remove`. */
export function registerNeverCall(program: Command, context: Context): void {
  const neverCall = program.command('never-call').description('numbers that are never called')
  const country = [
    '--country <code>',
    'whose numbering plan a local number belongs to',
    'IN',
  ] as const

  neverCall
    .command('add <number>')
    .description('refuse calls to a number')
    .requiredOption('--reason <words>', 'why')
    .option('--until <time>', 'it may be called again from then on, ISO 8601 with zone')
    .option(...country)
    .action(async (number: string, o: Country & { reason: string; until?: string }) => {
      const added = await apiClient(context).neverCall.add({
        number,
        country: o.country,
        reason: o.reason,
        ...(o.until === undefined ? {} : { expiresAt: o.until }),
      })
      const { id, expiresAt } = added.neverCall
      context
        .output()
        .result(added, `${added.neverCall.number} is not called ${untilText(expiresAt)} (${id})`)
    })

  registerNeverCallImport(neverCall, context)

  neverCall
    .command('list')
    .description('the numbers, newest first')
    .option('--number <number>', 'only this one')
    .option(...country)
    .action(async (o: Country & { number?: string }) => {
      const page = await apiClient(context).neverCall.list({
        limit: 100,
        ...(o.number === undefined ? {} : { number: o.number, country: o.country }),
      })
      const rows = page.neverCall.map((one) => [
        one.id,
        one.number,
        untilText(one.expiresAt),
        one.reason,
      ])
      const more = page.nextCursor === null ? '' : '\nThere are more; --number finds one.'
      context.output().result(page, table([['id', 'number', 'how long', 'reason'], ...rows]) + more)
    })

  neverCall
    .command('remove <id-or-number>')
    .description('let a number be called again')
    .option(...country)
    .action(async (which: string, o: Country) => {
      const api = apiClient(context)
      const id = isId('neverCall', which) ? which : await idOf(api, which, o.country)
      await api.neverCall.remove(id)
      context.output().result({ removed: id }, `removed ${id}`)
    })
}

async function idOf(
  api: ReturnType<typeof apiClient>,
  number: string,
  country: string,
): Promise<string> {
  const [found] = (await api.neverCall.list({ number, country })).neverCall
  if (found === undefined) throw new CliFailure('This number is not on the list.')
  return found.id
}

function untilText(expiresAt: string | null): string {
  return expiresAt === null ? 'for good' : `until ${expiresAt}`
}
