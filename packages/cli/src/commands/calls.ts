import {
  callReasonCodes,
  callStatuses,
  type Call,
  type CallLeg,
  type CallReasonCode,
  type CallStatus,
} from '@callwire/contracts'
import { followCall } from '@callwire/sdk'
import { Option, type Command } from 'commander'
import { printCall } from '../call-view/print-call.ts'
import { receiptSentence } from '../call-view/render.ts'
import { createTerminal } from '../call-view/terminal.ts'
import { table } from '../output.ts'
import { apiClient } from './api-client.ts'
import { registerCallsPlace } from './calls-place.ts'
import { registerCallsReconcile } from './calls-reconcile.ts'
import { registerCallsRecording } from './calls-recording.ts'
import type { Context } from './context.ts'
import { wholeNumber } from './whole-number.ts'

type ListOptions = { status?: CallStatus; reason?: CallReasonCode; phone?: string; to?: string }

/** `calls place`, `calls show`, `calls list`, `calls tail`, `calls cancel`, `calls reconcile`, `calls recording`. */
export function registerCalls(program: Command, context: Context): void {
  const client = () => apiClient(context)
  const calls = program.command('calls').description('calls and their transcripts')

  registerCallsPlace(calls, context)

  calls
    .command('show <id>')
    .description('a call, its transcript and its receipt')
    .action(async (id: string) => {
      const api = client()
      const [{ call }, { utterances }, receipt] = await Promise.all([
        api.calls.get(id),
        api.calls.transcript(id),
        api.calls.receipt(id),
      ])
      const lines = utterances.map(
        (one) => `  ${(one.speaker ?? 'speaker').padEnd(8)}  ${one.text}`,
      )
      const end = receipt.receipt === null ? 'no receipt yet' : receiptSentence(receipt.receipt)
      context
        .output()
        .result({ call, utterances, ...receipt }, [describe(call), ...lines, end].join('\n'))
    })

  calls
    .command('list')
    .description('the latest calls')
    .addOption(new Option('--status <status>', 'only those').choices(callStatuses))
    .addOption(
      new Option('--reason <code>', 'what they wait or ended for').choices(
        Object.keys(callReasonCodes),
      ),
    )
    .option('--phone <id>', 'of this phone')
    .option('--to <number>', 'with this person, in either direction')
    .action(async ({ status, reason, phone, to }: ListOptions) => {
      const page = await client().calls.list({
        limit: 20,
        ...(status === undefined ? {} : { status }),
        ...(reason === undefined ? {} : { reason }),
        ...(phone === undefined ? {} : { phoneId: phone }),
        ...(to === undefined ? {} : { to }),
      })
      const rows = page.calls.map((call) => [
        call.id,
        call.createdAt,
        call.status,
        call.direction,
        call.to,
        call.reason?.message ?? '',
      ])
      context
        .output()
        .result(page, table([['id', 'created', 'status', 'direction', 'to', 'why'], ...rows]))
    })

  calls
    .command('cancel <id>')
    .description('cancel a call that is not dialed yet')
    .action(async (id: string) => {
      const { call } = await client().calls.cancel(id)
      context.output().result({ call }, describe(call))
    })

  registerCallsReconcile(calls, context)
  registerCallsRecording(calls, context)

  calls
    .command('tail <id>')
    .description('follow a call live until its receipt; with --json, an event per line')
    .option('--after <seq>', 'from just after this event', wholeNumber, 0)
    .action(async (id: string, options: { after: number }) => tail(context, id, options.after))
}

async function tail(context: Context, callId: string, after: number): Promise<void> {
  const output = context.output()
  const url = context.target.consumerUrl()
  const token = context.target.apiKey()
  const followed = followCall({ url, token, callId, after, signal: context.signal })
  if (!output.json) {
    await printCall(followed, createTerminal(output.stream))
    return
  }
  for await (const news of followed) {
    output.result(news, '')
    if (news.type === 'event' && news.event.type === 'call.receipt') return
  }
}

function describe(call: Call): string {
  const reason = call.reason === undefined ? '' : ` — ${call.reason.message} (${call.reason.code})`
  const lasted = call.durationSeconds === undefined ? '' : `, ${String(call.durationSeconds)} s`
  const first = `call ${call.id}\n  ${call.from} → ${call.to}, ${call.direction}, ${call.status}${reason}${lasted}`
  const legs = (call.legs ?? []).map((leg, n) => `  leg ${String(n + 1)}: ${legText(leg)}`)
  return [first, ...legs].join('\n')
}

/** What Exotel told of one side; what it left out is left out here. */
function legText({ status, seconds, answeredBy, cause }: CallLeg): string {
  const parts = [
    status,
    seconds === null ? null : `${String(seconds)} s`,
    answeredBy === null ? null : `answered by ${answeredBy}`,
    cause,
  ]
  return parts.filter((part) => part !== null).join(', ')
}
