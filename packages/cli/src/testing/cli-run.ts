import { createProgram } from '../program.ts'
import { runCli } from '../run-cli.ts'

export type CliResult = { code: number; out: string; err: string }

/** Runs one command line in this process. */
export async function cliRun(
  args: readonly string[],
  env: Record<string, string>,
  o: { cwd?: string; signal?: AbortSignal; tty?: boolean } = {},
): Promise<CliResult> {
  const stdout = sink(false)
  const stderr = sink(o.tty === true)
  const signal = o.signal ?? new AbortController().signal
  const program = createProgram({ env, cwd: o.cwd ?? '/nowhere', stdout, stderr, signal })
  const code = await runCli(program, [...args], stderr)
  return { code, out: stdout.read(), err: stderr.read() }
}

function sink(isTTY: boolean) {
  let text = ''
  return { isTTY, columns: 100, write: (more: string) => (text += more), read: () => text }
}
