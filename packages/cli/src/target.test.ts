import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createTarget } from './target.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'callwire-target-'))
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

const runFile = (keysFile: string | null | undefined) =>
  writeFileSync(
    join(dataDir, 'run.json'),
    JSON.stringify({ gatewayUrl: 'x', copilotUrl: 'x', databaseUrl: 'postgres://here', keysFile }),
  )
const keysFileWith = (env: Record<string, string>) =>
  createTarget({ CALLWIRE_DATA_DIR: dataDir, ...env }, '/nowhere').keysFile()

test.each<[string | null | undefined, Record<string, string>, string | null]>([
  ['/run/keys', {}, '/run/keys'],
  ['/run/keys', { ENCRYPTION_KEYS_FILE: '/env/keys' }, '/env/keys'],
  ['/run/keys', { ENCRYPTION_KEY_FILE: '/env/key' }, '/env/key'],
  ['/run/keys', { DATABASE_URL: 'postgres://here' }, '/run/keys'],
  // Another install's keys have nothing to do with the one that runs here.
  ['/run/keys', { DATABASE_URL: 'postgres://elsewhere' }, null],
  [null, {}, null],
  [undefined, {}, null],
])('run file %j and %j give the keys file %j', (kept, env, file) => {
  runFile(kept)
  expect(keysFileWith(env)).toBe(file)
})

test('where nothing runs and nothing is set, none is known', () => {
  expect(createTarget({}, '/nowhere').keysFile()).toBe(null)
})
