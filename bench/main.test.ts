import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('main.ts', import.meta.url))

it.each([
  [[]],
  [['nothing-of-the-kind']],
  [['crypto', 'crypto']],
  [['crypto', '--fast']],
  [['rotation', '--secrets', '0.5']],
  [['crypto', '--secrets', '5']],
  [['dial', '--rounds', '0']],
  [['ingest', '--calls', '5']],
])('says what there is when it is called with %j', (args) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
  })
  expect(status).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^Say npm run bench -- <name> \[--json\] with one of\n {2}crypto +opening/)
})
