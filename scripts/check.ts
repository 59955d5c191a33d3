// `npm run check`: types, lint, format, layers, documents, secrets. Every check runs, also after one
// has failed, and the last lines name those that did.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { checkDocs } from './check/docs.ts'
import { checkLayers } from './check/layers.ts'
import { checkSecrets } from './check/secrets.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Problems, a line each; empty when all is well. */
type Check = () => Promise<string[]>

/** Runs a tool of this repository; what it says is shown as it says it. */
function tool(name: string, ...args: string[]): Check {
  return async () => {
    const child = spawn(name, args, { cwd: root, stdio: 'inherit' })
    const [code] = (await once(child, 'exit')) as [number | null]
    return code === 0 ? [] : [`${name} found problems`]
  }
}

const checks: Record<string, Check> = {
  'types and lint': tool('turbo', 'run', 'typecheck', 'lint', '--output-logs=errors-only'),
  'lint of the root': tool('eslint', 'vitest.config.ts', 'eslint.config.mjs', '--no-warn-ignored'),
  format: tool('prettier', '--check', '--log-level=warn', '.'),
  layers: () => checkLayers(root),
  documents: () => checkDocs(root),
  secrets: () => checkSecrets(root),
}

const failed: string[] = []
for (const [name, check] of Object.entries(checks)) {
  const startedAt = performance.now()
  process.stdout.write(`check: ${name}\n`)
  const problems = await check()
  for (const problem of problems) process.stdout.write(`  ${problem}\n`)
  if (problems.length > 0) failed.push(name)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  process.stdout.write(`check: ${name} ${problems.length > 0 ? 'FAILED' : 'ok'} (${seconds} s)\n`)
}
process.stdout.write(
  failed.length === 0 ? 'check: all ok\n' : `check: failed: ${failed.join(', ')}\n`,
)
process.exitCode = failed.length === 0 ? 0 : 1
