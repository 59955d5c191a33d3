import type { Stream } from '@callwire/contracts'
import { systemClock as clock } from '@callwire/runtime'
import { CallwireError, type Client } from '@callwire/sdk'
import { InvalidArgumentError, type Command } from 'commander'
import type { Output } from '../output.ts'
import { streamsTable, totalsOf } from '../streams/streams-table.ts'
import { apiClient } from './api-client.ts'
import type { Context } from './context.ts'

/** A page of the list, and how many are read at most: beyond them a terminal shows nothing anyway. */
const pageSize = 100
const mostPages = 20

const defaultEverySeconds = 2
const clearScreen = '\u001b[2J\u001b[H'

type Options = { watch?: boolean; every: number; phone?: string }

/** `streams`: the media sockets that are live now. */
export function registerStreams(program: Command, context: Context): void {
  program
    .command('streams')
    .description('the live media sockets: rates, gaps, what waits in ingest, how far the words are')
    .option('--watch', 'again and again, until Ctrl-C')
    .option('--every <seconds>', 'how often with --watch', seconds, defaultEverySeconds)
    .option('--phone <id>', 'of this phone')
    .action(async (options: Options) => {
      const api = apiClient(context)
      const output = context.output()
      if (options.watch === true) await watch(context, api, output, options)
      else show(output, await look(api, options.phone))
    })
}

type Seen = { streams: Stream[]; nextCursor: string | null }

async function look(api: Client, phoneId: string | undefined): Promise<Seen> {
  const streams: Stream[] = []
  let nextCursor: string | null = null
  for (let pages = 0; pages < mostPages; pages += 1) {
    const page: Seen = await api.streams.list({
      limit: pageSize,
      ...(phoneId === undefined ? {} : { phoneId }),
      ...(nextCursor === null ? {} : { cursor: nextCursor }),
    })
    streams.push(...page.streams)
    nextCursor = page.nextCursor
    if (nextCursor === null) break
  }
  return { streams, nextCursor }
}

function show(output: Output, seen: Seen): void {
  const more = seen.nextCursor === null ? '' : '\nthere are more; --phone shows those of one phone'
  output.result({ ...seen, totals: totalsOf(seen.streams) }, `${streamsTable(seen.streams)}${more}`)
}

/** Redraws in place on a terminal; elsewhere each look follows the one before. */
async function watch(
  { signal, stderr }: Context,
  api: Client,
  output: Output,
  { every, phone }: Options,
): Promise<void> {
  let isFirst = true
  while (!signal.aborted) {
    try {
      const seen = await look(api, phone)
      if (isStopped(signal)) return
      if (!output.json) output.stream.write(before(output, isFirst))
      show(output, seen)
      isFirst = false
    } catch (error) {
      // A gateway that restarts is back in a moment; who may not look will not be let in later.
      if (isFirst || !isPassing(error)) throw error
      stderr.write('callwire: no answer; trying again\n')
    }
    await clock.sleep(every * 1_000, signal).catch(() => undefined)
  }
}

const isStopped = (signal: AbortSignal): boolean => signal.aborted

function before(output: Output, isFirst: boolean): string {
  if (output.stream.isTTY === true) return clearScreen
  return isFirst ? '' : '\n'
}

function isPassing(error: unknown): boolean {
  return (
    error instanceof CallwireError && error.code !== 'unauthenticated' && error.code !== 'forbidden'
  )
}

/** @throws InvalidArgumentError, which is wrong usage */
function seconds(text: string): number {
  const value = Number(text)
  if (!/^\d{1,4}(\.\d)?$/.test(text) || value <= 0) {
    throw new InvalidArgumentError('It must be a number of seconds.')
  }
  return value
}
