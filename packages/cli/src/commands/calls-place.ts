import { randomUUID } from 'node:crypto'
import { CallwireError, createClient } from '@callwire/sdk'
import { InvalidArgumentError, type Command } from 'commander'
import { CliFailure } from '../failure.ts'
import type { Context } from './context.ts'
import { wholeNumber } from './whole-number.ts'

type PlaceOptions = {
  phone: string
  to: string
  at?: string
  priority?: number
  record?: boolean
  timeLimit?: number
  metadata?: Record<string, string>
  allowConcurrent?: boolean
  idempotencyKey?: string
}

/** `calls place`. Where it is not known whether there is a call now, the failure says how to ask again. */
export function registerCallsPlace(calls: Command, context: Context): void {
  calls
    .command('place')
    .description('queue a call')
    .requiredOption('--phone <id>', 'the phone to call from')
    .requiredOption('--to <number>', 'whom to call')
    .option('--at <time>', 'not before this moment, ISO 8601 with zone, at most a year ahead')
    .option('--priority <0-9>', '9 first', wholeNumber)
    .option('--record', 'have Exotel record the call')
    .option('--time-limit <seconds>', 'cut the call after this', wholeNumber)
    .option('--metadata <key=value>', 'kept with the call; may be given several times', addEntry)
    .option('--allow-concurrent', 'also when this person is being called already')
    .option(
      '--idempotency-key <key>',
      'the same key never places a second call; one is made, and shown when it is needed again',
    )
    .action(async (options: PlaceOptions) => {
      const { idempotencyKey = randomUUID() } = options
      const body = {
        phoneId: options.phone,
        to: options.to,
        ...(options.at === undefined ? {} : { scheduleAt: options.at }),
        ...(options.priority === undefined ? {} : { priority: options.priority }),
        ...(options.record === true ? { record: true } : {}),
        ...(options.timeLimit === undefined ? {} : { timeLimit: options.timeLimit }),
        ...(options.metadata === undefined ? {} : { metadata: options.metadata }),
        ...(options.allowConcurrent === true ? { allowConcurrent: true } : {}),
      }
      const placed = stoppableClient(context).calls.place(body, { idempotencyKey })
      const { call } = await placed.catch((error: unknown) => {
        throw withKey(error, idempotencyKey)
      })
      context
        .output()
        .result(
          { call },
          `call ${call.id} ${call.status}\nfollow it: callwire calls tail ${call.id}`,
        )
    })
}

/** Gives up on an answer when the command is stopped: then it still says which key it used. */
function stoppableClient({ target, signal }: Context) {
  return createClient({
    baseUrl: target.gatewayUrl(),
    token: target.apiKey(),
    fetch: (input, init) => {
      const own = init?.signal
      return fetch(input, { ...init, signal: own ? AbortSignal.any([own, signal]) : signal })
    },
  })
}

/** A refusal is passed on as it is; anything else leaves it open whether there is a call. */
function withKey(error: unknown, idempotencyKey: string): unknown {
  if (!(error instanceof CallwireError)) return error
  const { code, message, status, requestId, details } = error
  const isOpen = error.retryable || status >= 500 || code === 'unreadable_answer'
  if (!isOpen) return error
  const where = requestId === null ? '' : `, request ${requestId}`
  return new CliFailure(
    `${message} (${code}${where})\n  The call may be queued all the same. The same command with --idempotency-key ${idempotencyKey} places it only if it is not.`,
    { code, details: { ...details, idempotencyKey } },
  )
}

/** @throws InvalidArgumentError, which is wrong usage */
function addEntry(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, key, value] = /^([^=]+)=([^]*)$/.exec(text) ?? []
  if (key === undefined || value === undefined) {
    throw new InvalidArgumentError('It must look like key=value.')
  }
  if (Object.hasOwn(before, key)) throw new InvalidArgumentError('Its key was given before.')
  return { ...before, [key]: value }
}
