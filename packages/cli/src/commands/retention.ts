import type { Retention } from '@callwire/contracts'
import type { Command } from 'commander'
import { table } from '../output.ts'
import { apiClient } from './api-client.ts'
import type { Context } from './context.ts'

/** `retention status`. */
export function registerRetention(program: Command, context: Context): void {
  const retention = program
    .command('retention')
    .description('what is erased when its time is over; `settings set --keep-…` says when')

  retention
    .command('status')
    .description('what is past its life, and what was erased last')
    .action(async () => {
      const found = await apiClient(context).retention.get()
      context.output().result(found, retentionText(found.retention))
    })
}

function retentionText({ days, due, ...rest }: Retention): string {
  const life = (kept: number | null) => (kept === null ? 'until erased' : `${String(kept)}d`)
  const row = (kind: keyof typeof due) => [kind, life(days[kind]), String(due[kind])]
  const { waitingForReceipt, objectsToRemove, lastSweep } = rest
  return [
    table([['', 'kept for', 'calls past it'], row('recordings'), row('words'), row('numbers')]),
    `live audio that nobody read is kept for ${days.audio === 0 ? '1h' : life(days.audio)}`,
    ...(waitingForReceipt === 0
      ? []
      : [`${String(waitingForReceipt)} of these calls have no receipt yet, which is waited for`]),
    ...(objectsToRemove === 0
      ? []
      : [`${String(objectsToRemove)} erased recordings have objects in the store still`]),
    lastSweep === null
      ? 'nothing was ever erased'
      : `last erased at ${lastSweep.at}: ${sweepText(lastSweep)}`,
  ].join('\n')
}

function sweepText(sweep: NonNullable<Retention['lastSweep']>): string {
  const { recordings, words, numbers, oldestEndedAt, newestEndedAt } = sweep
  const counts = Object.entries({ recordings, words, numbers }).flatMap(([kind, calls]) =>
    calls === 0 ? [] : [`${kind} of ${String(calls)} calls`],
  )
  return `${counts.join(', ')}, ended from ${oldestEndedAt} to ${newestEndedAt}`
}
