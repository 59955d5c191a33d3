import type { Dialing, InstallDialing } from '@callwire/contracts'
import type { Command } from 'commander'
import { CliFailure } from '../failure.ts'
import { apiClient } from './api-client.ts'
import type { Context } from './context.ts'

type Everybody = { everybody?: boolean }

/** `dialing status`, `dialing pause`, `dialing resume`. */
export function registerDialing(program: Command, context: Context): void {
  const dialing = program.command('dialing').description('whether calls are being dialed')
  const everybody = ['--everybody', 'the whole install, for the tenant that operates it'] as const

  dialing
    .command('status')
    .description('whether it goes on, and what waits for what')
    .option(...everybody)
    .action(async (options: Everybody) => {
      const api = apiClient(context)
      if (options.everybody === true) {
        const found = await api.install.dialing()
        context.output().result(found, installText(found.dialing))
        return
      }
      const found = await api.dialing.get()
      context.output().result(found, dialingText(found.dialing))
    })

  dialing
    .command('pause')
    .description('stop dialing; calls are still taken and wait')
    .option(...everybody)
    .option('--reason <words>', 'shown to every tenant, with --everybody')
    .action(async (options: Everybody & { reason?: string }) => {
      const { reason } = options
      if (options.everybody !== true && reason !== undefined) {
        throw new CliFailure('--reason is shown to every tenant; it needs --everybody.')
      }
      await turn(context, { ...options, paused: true })
    })

  dialing
    .command('resume')
    .description('go on dialing')
    .option(...everybody)
    .action((options: Everybody) => turn(context, { ...options, paused: false }))
}

async function turn(
  context: Context,
  o: Everybody & { paused: boolean; reason?: string },
): Promise<void> {
  const api = apiClient(context)
  const { paused, reason } = o
  if (o.everybody === true) {
    const body = { paused, ...(reason === undefined ? {} : { reason }) }
    const turned = await api.install.setDialing(body)
    context.output().result(turned, installText(turned.dialing))
    return
  }
  const turned = await (paused ? api.dialing.pause() : api.dialing.resume())
  context.output().result(turned, dialingText(turned.dialing))
}

function dialingText(dialing: Dialing): string {
  const { paused, pausedForAll, pausedReason, waiting, oldestDueAt, parked } = dialing
  const counts = Object.entries(waiting).map(([what, calls]) => `${String(calls)} ${what}`)
  const why = pausedReason === null ? '' : `: ${pausedReason}`
  return [
    ...(paused ? ['dialing is paused for this tenant (`callwire dialing resume` goes on)'] : []),
    ...(pausedForAll ? [`dialing is paused for everybody by the operator${why}`] : []),
    ...(paused || pausedForAll ? [] : ['dialing goes on']),
    `  waiting  ${counts.length === 0 ? 'nothing' : counts.join(', ')}`,
    ...(oldestDueAt === null ? [] : [`  longest  since ${oldestDueAt}`]),
    ...(parked === 0
      ? []
      : [`  parked   ${String(parked)}, for a person to decide (\`callwire calls reconcile\`)`]),
  ].join('\n')
}

function installText({ paused, reason, changedAt }: InstallDialing): string {
  const since = changedAt === null ? '' : ` since ${changedAt}`
  if (!paused) return `dialing is not paused for everybody`
  return `dialing is paused for everybody${since}${reason === null ? '' : `: ${reason}`}`
}
