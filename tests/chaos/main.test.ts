import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const program = fileURLToPath(new URL('main.ts', import.meta.url))

test.each([
  ['nothing', []],
  ['a run there is none of', ['teleport']],
  ['two names', ['dial', 'twice']],
  ['a setting there is none of', ['dial', '--colour', '3']],
  ['what is no number', ['dial', '--calls', 'many']],
  ['less than nothing', ['dial', '--calls=-1']],
])('says what there is when asked for %s', (_what, args) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
  })
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/npm run chaos -- <name>[^]*dial [^]*--calls 3000/)
})
