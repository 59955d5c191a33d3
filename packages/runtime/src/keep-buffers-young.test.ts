import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const module = fileURLToPath(new URL('keep-buffers-young.ts', import.meta.url))

// V8 passes over a flag that it does not know, and says so on standard error alone.
test('names a flag that this Node knows', () => {
  const code = `import { keepBuffersYoung } from ${JSON.stringify(module)}; keepBuffersYoung()`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 15_000,
  })
  expect([status, stderr]).toEqual([0, ''])
})
