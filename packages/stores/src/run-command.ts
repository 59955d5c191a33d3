import { execFile } from 'node:child_process'

export type CommandResult =
  | { readonly kind: 'ok'; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'failed'; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'missing' }

export type CommandOptions = {
  readonly timeoutMs: number
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly uid?: number
  readonly gid?: number
}

/** Output beyond this is of no interest to any caller. */
const maxOutputBytes = 4 * 1024 * 1024

/** Runs a short-lived program to its end, killed after `timeoutMs`. Never rejects. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { timeoutMs, ...rest } = options
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { ...rest, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: maxOutputBytes },
      (error, stdout, stderr) => {
        if (error === null) resolve({ kind: 'ok', stdout, stderr })
        else if (error.code === 'ENOENT') resolve({ kind: 'missing' })
        else resolve({ kind: 'failed', stdout, stderr })
      },
    )
  })
}

/** The last line that says anything, for one-sentence errors. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? ''
}
