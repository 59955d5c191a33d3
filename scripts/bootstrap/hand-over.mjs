import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

import { watchAncestors } from './ancestors.mjs'

/** Descriptor of the pipe by which the command notices that this process has ended, however it ended. */
const parentDescriptor = 3

/** Runs the command with `node` and ends as it ends; signals are passed on. */
export async function handOver(root, node, args) {
  // Commands of ours run commands of their own: the task runner, for one, looks for pnpm.
  const bins = [join(root, 'node_modules', '.bin'), join(root, '.tools', 'node_modules', '.bin')]
  const path = [dirname(node), ...bins, process.env.PATH ?? '']
  const child = spawn(node, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: {
      ...process.env,
      PATH: path.join(delimiter),
      CALLWIRE_PARENT_FD: String(parentDescriptor),
      // Node keeps compiled code here between runs, so that a second start is quicker.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, '.tools', 'compile-cache'),
    },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  const unwatch = watchAncestors(() => child.kill('SIGTERM'))
  const { code, signal } = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (exit, by) => resolve({ code: exit, signal: by }))
  })
  unwatch()
  process.exit(code ?? 128 + (constants.signals[signal] ?? 0))
}
