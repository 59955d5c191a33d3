import type { Call, CallCandidate } from '@callwire/contracts'
import { Option, type Command } from 'commander'
import { CliFailure } from '../failure.ts'
import { table } from '../output.ts'
import { apiClient } from './api-client.ts'
import type { Context } from './context.ts'

type Parked = { call: Call; candidates: CallCandidate[] }

/** One list is what a person can look through. */
const MOST_SHOWN = 20

/** `calls reconcile`: what is parked, and a person's answer for one call. */
export function registerCallsReconcile(calls: Command, context: Context): void {
  calls
    .command('reconcile [id]')
    .description('say what became of a call that Exotel does not know; without an id, list them')
    .addOption(new Option('--sid <sid>', 'it is this call of Exotel’s').conflicts('notPlaced'))
    .option('--not-placed', 'Exotel has no such call: it fails')
    .action(async (id: string | undefined, o: { sid?: string; notPlaced?: boolean }) => {
      const answer =
        o.sid !== undefined
          ? { sid: o.sid }
          : o.notPlaced === true
            ? ({ notPlaced: true } as const)
            : null
      if (answer === null) return list(context, id)
      if (id === undefined) throw new CliFailure('Name the call that the answer is for.')
      const { call } = await apiClient(context).calls.reconcile(id, answer)
      context.output().result({ call }, `call ${call.id} is ${call.status}`)
    })
}

async function list(context: Context, id: string | undefined): Promise<void> {
  const api = apiClient(context)
  const found =
    id === undefined
      ? (await api.calls.list({ status: 'unknown', reason: 'needs_review', limit: MOST_SHOWN }))
          .calls
      : [(await api.calls.get(id)).call]
  const parked = await Promise.all(
    found.map(async (call): Promise<Parked> => ({
      call,
      candidates: (await api.calls.candidates(call.id)).candidates,
    })),
  )
  const text =
    parked.length === 0 ? 'no call waits for a person' : parked.map(parkedText).join('\n\n')
  context.output().result({ parked }, text)
}

function parkedText({ call, candidates }: Parked): string {
  if (call.reason?.code !== 'needs_review') {
    return `call ${call.id} is ${call.status} and does not wait for a person`
  }
  const rows = candidates.map(({ sid, status, createdAt, durationSeconds }) => [
    `  ${sid}`,
    status ?? '?',
    createdAt ?? '?',
    durationSeconds === null ? '?' : String(durationSeconds),
  ])
  return [
    `call ${call.id} to ${call.to}, dialed ${call.dialedAt ?? `after ${call.createdAt}`}: ${call.reason.message}`,
    rows.length === 0
      ? '  Exotel’s list showed nothing to choose from; its dashboard may.'
      : table([['  sid', 'status', 'created', 'seconds'], ...rows]),
    `  callwire calls reconcile ${call.id} --sid <sid> | --not-placed`,
  ].join('\n')
}
