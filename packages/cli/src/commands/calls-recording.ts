import { open, rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { CliFailure } from '../failure.ts'
import { apiClient } from './api-client.ts'
import type { Context } from './context.ts'

/** `calls recording`. */
export function registerCallsRecording(calls: Command, context: Context): void {
  calls
    .command('recording <id>')
    .description('save our own copy of a call’s audio; that you did stands in the audit')
    .requiredOption('--purpose <text>', 'why you listen')
    .requiredOption('--out <file>', 'where to put it: a WAV that only you may read')
    .action(async (id: string, { purpose, out }: { purpose: string; out: string }) => {
      const { signal } = context
      const { bytes, body } = await apiClient(context).calls.recording(id, purpose, { signal })
      await save(body, { out, bytes })
      context.output().result({ callId: id, file: out, bytes }, `${out}: ${String(bytes)} bytes`)
    })
}

/** The file appears whole or not at all. */
async function save(
  body: ReadableStream<Uint8Array>,
  { out, bytes }: { out: string; bytes: number },
): Promise<void> {
  const draft = `${out}.${String(process.pid)}.part`
  const file = await open(draft, 'wx', 0o600).catch(() => {
    throw new CliFailure(`${out} cannot be written.`)
  })
  try {
    const sink = file.createWriteStream()
    await pipeline(Readable.fromWeb(body), sink).catch(() => {
      throw cutShort()
    })
    if (sink.bytesWritten !== bytes) throw cutShort()
    await rename(draft, out)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

function cutShort(): CliFailure {
  return new CliFailure(
    'The audio was cut short: a part of it could not be read. The gateway’s log says which.',
  )
}
