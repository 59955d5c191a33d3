/**
 * What every `npm run` of this repository goes through: supplies Node 24, pnpm and the dependencies where they are
 * lacking, then runs the command's TypeScript with that Node. Plain JavaScript for Node 18 and later, no dependencies.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { commands } from './bootstrap/commands.mjs'
import { handOver } from './bootstrap/hand-over.mjs'
import { prepare } from './bootstrap/prepare.mjs'
import { Plain, say } from './bootstrap/say.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const [name, ...args] = process.argv.slice(2)

try {
  const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined
  if (command === undefined) {
    throw new Plain(
      `There is no command "${name ?? ''}": use one of ${Object.keys(commands).join(', ')}.`,
    )
  }
  const node = await prepare(root)
  const entry = join(root, command.entry)
  if (!existsSync(entry))
    throw new Plain(`"${name}" has nothing to run: ${command.entry} is not there.`)
  await handOver(root, node, [entry, ...command.args, ...args])
} catch (error) {
  if (!(error instanceof Plain)) throw error
  say(error.message)
  process.exitCode = 1
}
