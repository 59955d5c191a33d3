import { readFile } from 'node:fs/promises'

import { runCommand } from './run-command.ts'

/** How long a leftover may take to stop before it is killed. */
const stopBoundMs = 5_000
const killedBoundMs = 2_000
const lookEveryMs = 50

/**
 * Ends a program that an earlier run left behind, and nothing else: `pidFile` must name it in its first line, and its
 * command line must hold `mark` (a path that only our own program works on).
 */
export async function endLeftover(
  pidFile: string,
  mark: string,
  signal: NodeJS.Signals,
): Promise<void> {
  const text = await readFile(pidFile, 'utf8').catch(() => '')
  const pid = Number(text.split('\n')[0])
  if (!Number.isInteger(pid) || pid <= 1) return
  if (!(await processCommandLine(pid)).includes(mark)) return
  send(pid, signal)
  if (await goneWithin(pid, stopBoundMs)) return
  send(pid, 'SIGKILL')
  await goneWithin(pid, killedBoundMs)
}

/** A process's command line; empty when there is no such process. */
export async function processCommandLine(pid: number): Promise<string> {
  const result = await runCommand('ps', ['-ww', '-o', 'command=', '-p', String(pid)], {
    timeoutMs: 2_000,
  })
  if (result.kind === 'ok') return result.stdout
  // A machine without ps has /proc.
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone already.
  }
}

async function goneWithin(pid: number, boundMs: number): Promise<boolean> {
  for (let waited = 0; waited < boundMs; waited += lookEveryMs) {
    try {
      process.kill(pid, 0)
    } catch {
      return true
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
  return false
}
