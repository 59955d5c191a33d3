import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { deriveServiceKeys, parseMasterRing } from '@callwire/crypto'
import { systemRandom } from '@callwire/runtime'
import { scratchDir, testDatabase, type TestDatabase } from '@callwire/testkit'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { EXIT_FAILED } from '../run-cli.ts'
import { cliRun } from '../testing/cli-run.ts'
import { fillDatabase } from '../testing/filled-database.ts'

const entry = (kid: string) => `${kid}:${systemRandom(32).toString('base64')}`
const masterKeys = entry('k1')
const rings = deriveServiceKeys(parseMasterRing(masterKeys))
const keys = { ENCRYPTION_KEYS: masterKeys }
let from: TestDatabase
let dir: string
let file: string

beforeAll(async () => {
  from = await testDatabase()
  await fillDatabase(from, masterKeys, ['north'])
  const sql = postgres(from.url, { max: 1 })
  // More than fits between the server and the file, so that a backup can be met half-way.
  await sql`insert into app.audit_log (tenant_id, id, actor_kind, actor_id, action, details)
    select tenant_id, 'aud_' || lpad((n + 1000)::text, 24, '0'), 'service', 's', 'a',
      jsonb_build_object('x', (select string_agg(md5(n::text || m), '') from generate_series(1, 250) m))
    from app.tenants, generate_series(1, 1000) n`
  await sql.end()
})
afterAll(() => from.drop())
beforeEach(async () => {
  dir = await scratchDir('backup')
  file = join(dir, 'one.backup')
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const backup = (args: string[] = [], env: Record<string, string> = {}, o = {}) =>
  cliRun(['backup', file, ...args], { DATABASE_URL: from.url, ...keys, ...env }, o)

describe('callwire backup', () => {
  test('writes one file for its owner alone, and says what is in it', async () => {
    const { code, out, err } = await backup(['--json'])
    expect([code, err]).toEqual([0, ''])
    expect(JSON.parse(out)).toMatchObject({
      file,
      bytes: statSync(file).size,
      kid: 'k1',
      id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      createdAt: expect.stringMatching(/Z$/) as string,
      schema: expect.stringMatching(/^\d{4}-.*\.sql$/) as string,
      tables: expect.any(Number) as number,
      rows: expect.any(Number) as number,
    })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(dir)).toEqual(['one.backup'])
  })

  test('says it in words, too', async () => {
    const { out } = await backup()
    expect(out).toMatch(/one\.backup: \d+ rows of \d+ tables, [\d.]+ MiB\n/)
    expect(out).toContain('sealed under key k1')
  })

  test('shows on a terminal how far it is', async () => {
    const { err } = await backup([], {}, { tty: true })
    expect(err).toMatch(/[a-z_]+: \d+ rows?, [\d.]+ [KM]?i?B/)
  })

  test('leaves a file of that name alone, and replaces it when forced', async () => {
    writeFileSync(file, 'mine', { mode: 0o644 })
    const refused = await backup()
    expect(refused.code).toBe(EXIT_FAILED)
    expect(refused.err).toContain('--force')
    expect(readFileSync(file, 'utf8')).toBe('mine')
    expect((await backup(['--force'])).code).toBe(0)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('leaves a backup that is under way alone', async () => {
    writeFileSync(`${file}.part`, 'theirs')
    const refused = await backup()
    expect(refused.code).toBe(EXIT_FAILED)
    expect(refused.err).toContain('another backup is writing it')
    expect(readFileSync(`${file}.part`, 'utf8')).toBe('theirs')
    expect((await backup(['--force'])).code).toBe(0)
    expect(readdirSync(dir)).toEqual(['one.backup'])
  })

  test('that is interrupted leaves nothing', async () => {
    const stop = new AbortController()
    const running = backup([], {}, { signal: stop.signal })
    while (!existsSync(`${file}.part`)) await new Promise((resolve) => setImmediate(resolve))
    stop.abort()
    expect(await running).toMatchObject({ code: EXIT_FAILED, out: '' })
    expect((await running).err).toContain('Interrupted')
    expect(readdirSync(dir)).toEqual([])
  })

  test('that fails leaves nothing, and says why', async () => {
    const away = await backup([], { DATABASE_URL: 'postgres://x:y@127.0.0.1:1/none' })
    expect(away).toMatchObject({ code: EXIT_FAILED, out: '' })
    expect(away.err).toContain('not available')
    expect(readdirSync(dir)).toEqual([])
    file = join(dir, 'no-such-folder', 'one.backup')
    expect((await backup()).err).toContain('can’t be written (ENOENT)')
  })

  test.each(['', 'another'])('says that the database refuses the password %j', async (password) => {
    const url = new URL(from.serviceUrl('backup'))
    url.password = password
    const refused = await backup([], { DATABASE_URL_BACKUP: url.href })
    expect(refused).toMatchObject({ code: EXIT_FAILED, out: '' })
    expect(refused.err).toContain('does not let this login in')
    expect(readdirSync(dir)).toEqual([])
  })

  test('needs no more than the login and the half of the key that seals', async () => {
    const env = {
      DATABASE_URL_BACKUP: from.serviceUrl('backup'),
      BACKUP_SEAL_KEYS: rings.BACKUP_SEAL_KEYS,
    }
    expect(await cliRun(['backup', file], env)).toMatchObject({ code: 0, err: '' })
    const read = await cliRun(['restore', '--check', file], env)
    expect(read).toMatchObject({ code: EXIT_FAILED, out: '' })
    expect(read.err).toContain('No keys were found')
    const master = await cliRun(['restore', '--check', file], keys)
    expect(master.out).toContain('is whole')
    const half = { BACKUP_OPEN_KEYS: rings.BACKUP_OPEN_KEYS }
    expect(await cliRun(['restore', '--check', file], half)).toMatchObject({ code: 0 })
  })

  test('finds database and keys of the system that runs here', async () => {
    const keysFile = join(dir, 'keys')
    writeFileSync(keysFile, `${masterKeys}\n`)
    const run = { gatewayUrl: 'http://x', copilotUrl: 'ws://x', databaseUrl: from.url, keysFile }
    await mkdir(join(dir, '.data'))
    writeFileSync(join(dir, '.data/run.json'), JSON.stringify(run))
    const found = await cliRun(['backup', file, '--json'], {}, { cwd: dir })
    expect(JSON.parse(found.out)).toMatchObject({ kid: 'k1' })
    expect((await cliRun(['backup', file], {}, { cwd: '/nowhere' })).err).toContain('npm start')
  })
})

describe('callwire restore', () => {
  test('says what it restored, and what will be dialed', async () => {
    await backup()
    await using to = await testDatabase({ empty: true })
    const env = { DATABASE_URL: to.url, ...keys }
    const { code, out } = await cliRun(['restore', file, '--json'], env)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      file,
      kid: 'k1',
      migrated: [],
      queuedCalls: 1,
      dialingPaused: false,
      keys: expect.arrayContaining([{ kid: 'k1', place: 'calls.person_sealed', rows: 1 }]) as [],
    })
    const again = await cliRun(['restore', file], env)
    expect(again).toMatchObject({ code: EXIT_FAILED, out: '' })
    expect(again.err).toContain('The database holds data')
  })

  test('tells a person, and shows the phases on a terminal', async () => {
    await backup()
    await using to = await testDatabase({ empty: true })
    const env = { DATABASE_URL: to.url, ...keys }
    const { out, err } = await cliRun(['restore', file, '--pause-dialing'], env, { tty: true })
    expect(out).toContain('is restored')
    expect(out).toContain('dialing is paused for every tenant')
    expect(err).toMatch(/(reading|loading|comparing).*rows/)
  })

  test.each([
    ['no such file', () => Promise.resolve('/nowhere/x'), 'There is no file'],
    ['a folder', () => Promise.resolve('/'), 'is no file'],
    [
      'something else',
      async () => {
        writeFileSync(file, 'PGDMP')
        await chmod(file, 0o600)
        return file
      },
      'no backup of Callwire',
    ],
  ])('refuses %s', async (_name, make, sentence) => {
    const result = await cliRun(['restore', await make()], { DATABASE_URL: from.url, ...keys })
    expect(result).toMatchObject({ code: EXIT_FAILED, out: '' })
    expect(result.err).toContain(sentence)
  })

  test('names the key that is missing, also to programs', async () => {
    await backup()
    const env = { DATABASE_URL: from.url, ENCRYPTION_KEYS: entry('k9') }
    const { err } = await cliRun(['restore', file, '--json'], env)
    const { error } = JSON.parse(err) as { error: { code: string; message: string } }
    expect(error.code).toBe('key_missing')
    expect(error.message).toContain('key k1')
  })
})
