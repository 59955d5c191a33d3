import type { KeyStatusView } from '@callwire/keyring'
import type { Command } from 'commander'
import { progressLine } from '../keys/progress.ts'
import { withKeyLife } from '../keys/with-key-life.ts'
import { table } from '../output.ts'
import type { Context } from './context.ts'

/** `keys status`: which keys there are, what lies under each, and who holds which. */
export function registerKeysStatus(keys: Command, context: Context): void {
  keys
    .command('status')
    .description('the keys, the rows sealed under each, and the processes that hold them')
    .action(async () => {
      const status = await withKeyLife(context, (life) => life.status())
      context.output().result(status, statusText(status))
    })
}

function statusText(status: KeyStatusView): string {
  const keyRows = status.keys.map(({ kid, state, total, rows }) => [
    kid,
    state,
    String(total),
    Object.entries(rows)
      .map(([place, count]) => `${place} ${count}`)
      .join(', '),
  ])
  const processRows = status.processes.map(({ instance, service, kids, primary }) => [
    service,
    instance,
    kids.join(' '),
    primary,
  ])
  const jobs = [status.rotation, status.verification].flatMap((job) =>
    job === null ? [] : [progressLine(job)],
  )
  return [
    keyRows.length === 0
      ? 'no key is known: no process is running, and no row is sealed'
      : table([['key', 'state', 'rows', 'where'], ...keyRows]),
    processRows.length === 0
      ? 'no process is running'
      : table([['service', 'process', 'holds', 'seals with'], ...processRows]),
    ...(jobs.length === 0 ? [] : [jobs.join('\n')]),
    ...(status.keys.some(({ state }) => state === 'missing')
      ? [
          'A key is missing: put it back into ENCRYPTION_KEYS, or what lies under it stays unreadable.',
        ]
      : []),
  ].join('\n\n')
}
