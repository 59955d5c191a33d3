import { AppError } from '@callwire/runtime'
import { CallwireError } from '@callwire/sdk'
import { CommanderError, type Command } from 'commander'
import { CliFailure } from './failure.ts'

type ErrorStream = { write(text: string): unknown }

/** Wrong usage. */
export const EXIT_USAGE = 2
/** The command was understood and did not succeed. */
export const EXIT_FAILED = 1

/**
 * Runs one command line; gives the exit code. What went wrong is one sentence, or with `--json` one
 * object, on the error stream; a fault of ours is named by its class alone, since its text may hold
 * anything.
 */
export async function runCli(
  program: Command,
  args: readonly string[],
  stderr: ErrorStream,
): Promise<number> {
  try {
    await program.parseAsync([...args], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
    const { code, message, details } = explain(error)
    const json = program.opts<{ json?: boolean }>().json === true
    stderr.write(
      json
        ? `${JSON.stringify({ error: { code, message, details } })}\n`
        : `callwire: ${message}\n`,
    )
    return EXIT_FAILED
  }
}

function explain(error: unknown): {
  code: string
  message: string
  details?: Readonly<Record<string, unknown>>
} {
  if (error instanceof CliFailure) {
    const { code, message, details } = error
    return { code, message, ...(details === undefined ? {} : { details }) }
  }
  if (error instanceof CallwireError) {
    const where = error.requestId === null ? '' : `, request ${error.requestId}`
    const message = `${error.message} (${error.code}${where})`
    const fields =
      Object.keys(error.details).length === 0 ? '' : `\n  ${JSON.stringify(error.details)}`
    return { code: error.code, message: message + fields, details: error.details }
  }
  if (error instanceof AppError)
    return { code: error.code, message: `${error.message} (${error.code})` }
  const name = error instanceof Error ? error.name : 'unknown'
  return { code: 'internal', message: `Something went wrong inside the command (${name}).` }
}
