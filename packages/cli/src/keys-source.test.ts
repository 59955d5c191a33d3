import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deriveServiceKeys, describeRing, masterKeyIds, parseMasterRing } from '@callwire/crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { backupOpenRing, backupSealKeys, findMasterRing, requireMasterRing } from './keys-source.ts'
import { createTarget } from './target.ts'

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64')
const dir = mkdtempSync(join(tmpdir(), 'callwire-keys-'))
afterAll(() => rmSync(dir, { recursive: true }))

function kept(name: string, text: string): string {
  const path = join(dir, name)
  writeFileSync(path, text)
  return path
}

const contextOf = (env: Record<string, string>, cwd = '/nowhere') => ({
  env,
  target: createTarget(env, cwd),
  signal: new AbortController().signal,
})
const ring = kept('ring', `k2:${key(2)},k1:${key(1)}\n`)
const single = kept('single', `${key(1)}\n`)

describe('the master ring', () => {
  test.each<[string, Record<string, string>, string[]]>([
    ['a ring', { ENCRYPTION_KEYS: `k2:${key(2)},k1:${key(1)}` }, ['k2', 'k1']],
    ['a key', { ENCRYPTION_KEY: key(1) }, ['k1']],
    ['a file of a ring', { ENCRYPTION_KEYS_FILE: ring }, ['k2', 'k1']],
    ['a file of a key', { ENCRYPTION_KEY_FILE: single }, ['k1']],
    ['an empty variable beside it', { ENCRYPTION_KEYS: '', ENCRYPTION_KEY: key(1) }, ['k1']],
  ])('comes from %s', async (_name, env, kids) => {
    expect(masterKeyIds(await requireMasterRing(contextOf(env)))).toEqual(kids)
  })

  test('comes from the system that runs here, unless the environment says so', async () => {
    const run = { gatewayUrl: 'x', copilotUrl: 'x', databaseUrl: 'postgres://a', keysFile: ring }
    writeFileSync(join(dir, 'run.json'), JSON.stringify(run))
    const here = { CALLWIRE_DATA_DIR: dir }
    const ids = async (env: Record<string, string>) => {
      const found = await findMasterRing(contextOf({ ...here, ...env }))
      return found === null ? null : masterKeyIds(found)
    }
    expect(await ids({})).toEqual(['k2', 'k1'])
    expect(await ids({ ENCRYPTION_KEY: key(3) })).toEqual(['k1'])
    expect(await ids({ DATABASE_URL: 'postgres://a' })).toEqual(['k2', 'k1'])
    // Keys of this system are no keys of another's database.
    expect(await ids({ DATABASE_URL: 'postgres://b' })).toBeNull()
  })

  test('is unwrapped before it is read', async () => {
    const unwrap = (text: string) => Promise.resolve(text.replace('wrapped', key(1)))
    const found = await findMasterRing(contextOf({ ENCRYPTION_KEYS: 'k1:wrapped' }), unwrap)
    expect(found === null ? [] : masterKeyIds(found)).toEqual(['k1'])
  })

  test.each<[string, Record<string, string>, string]>([
    ['nothing', {}, 'openssl rand'],
    ['two', { ENCRYPTION_KEYS: `k1:${key(1)}`, ENCRYPTION_KEY: key(1) }, 'both set'],
    ['two of one', { ENCRYPTION_KEY: key(1), ENCRYPTION_KEY_FILE: single }, 'both set'],
    ['no file', { ENCRYPTION_KEYS_FILE: '/nowhere/x' }, 'ENCRYPTION_KEYS_FILE names'],
    ['an empty file', { ENCRYPTION_KEYS_FILE: kept('empty', '\n') }, 'empty'],
    ['no ring', { ENCRYPTION_KEYS: 'k1:c2hvcnQ=' }, 'not the base64 of 32 bytes'],
  ])('given as %s is one sentence without a value', async (_name, env, sentence) => {
    const failure = await requireMasterRing(contextOf(env)).catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'CliFailure' })
    expect(String(failure)).toContain(sentence)
    expect(String(failure)).not.toContain('c2hvcnQ')
  })
})

describe('the keys of backups', () => {
  const derived = deriveServiceKeys(parseMasterRing(`k1:${key(1)}`))

  test('follow from the master ring, with what tells it from another', async () => {
    const { text, checks } = await backupSealKeys(contextOf({ ENCRYPTION_KEY: key(1) }))
    expect(text).toBe(derived.BACKUP_SEAL_KEYS)
    expect(checks.map((check) => check.ring)).toEqual(
      expect.arrayContaining(['credential', 'content', 'backup']),
    )
    const other = await backupOpenRing(contextOf({ ENCRYPTION_KEY: key(2) }))
    const checkOf = (all: typeof checks) => all.find((check) => check.ring === 'content')?.check
    expect(checkOf(other.checks)).not.toBe(checkOf(checks))
  })

  test('are enough on their own', async () => {
    const { BACKUP_SEAL_KEYS, BACKUP_OPEN_KEYS } = derived
    expect((await backupSealKeys(contextOf({ BACKUP_SEAL_KEYS }))).text).toBe(BACKUP_SEAL_KEYS)
    const { ring: open } = await backupOpenRing(contextOf({ BACKUP_OPEN_KEYS }))
    expect(describeRing(open).primary).toBe('k1')
  })

  test.each<[string, () => Promise<unknown>, string]>([
    ['no half to seal', () => backupSealKeys(contextOf({})), 'Set BACKUP_SEAL_KEYS'],
    ['no half to open', () => backupOpenRing(contextOf({})), 'BACKUP_OPEN_KEYS'],
    [
      'a half that is none',
      () => backupSealKeys(contextOf({ BACKUP_SEAL_KEYS: `k1:${key(1)}` })),
      'BACKUP_SEAL_KEYS: Entry 1',
    ],
  ])('%s is one sentence', async (_name, find, sentence) => {
    await expect(find()).rejects.toThrow(sentence)
  })
})
