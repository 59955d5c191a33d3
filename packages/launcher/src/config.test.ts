import { rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { cwd } from 'node:process'

import { ConfigError } from '@callwire/runtime'
import { scratchDir } from '@callwire/testkit'
import { describe, expect, it } from 'vitest'

import { readLauncherConfig } from './config.ts'

const ring = `k1:${Buffer.alloc(32, 7).toString('base64')}`

function failure(env: NodeJS.ProcessEnv, mode: 'demo' | 'start' = 'start'): ConfigError {
  try {
    readLauncherConfig(mode, env)
  } catch (error) {
    if (error instanceof ConfigError) return error
  }
  throw new Error('it was accepted')
}

describe('readLauncherConfig', () => {
  it('has a default for everything', () => {
    const config = readLauncherConfig('start', {})
    expect(config.dataDir).toBe('.data')
    expect(config.host).toBe('127.0.0.1')
    expect(config.ports).toEqual({
      GATEWAY_PORT: 8080,
      INGEST_PORT: 8081,
      COPILOT_PORT: 8082,
      METRICS_PORT: 9464,
      SIMULATOR_PORT: undefined,
    })
    expect(config.masterKeys).toEqual({ kind: 'kept' })
    expect(config.keyService).toBeNull()
  })

  it('keeps the demo’s data apart', () => {
    expect(readLauncherConfig('demo', {}).dataDir).toBe('.data/demo')
    expect(readLauncherConfig('demo', { CALLWIRE_DATA_DIR: '/x' }).dataDir).toBe('/x')
  })

  it.each([
    ['GATEWAY_PORT', '99999'],
    ['GATEWAY_PORT', 'eighty'],
    ['DATABASE_URL', 'mysql://u:hunter2@h/db'],
    ['REDIS_URL', 'http://:hunter2@h'],
    ['JWT_SECRET', 'hunter2'],
    ['ENCRYPTION_KEYS', 'k1:hunter2'],
    ['ENCRYPTION_KEY', 'hunter2'],
    ['LOG_LEVEL', 'loud'],
    ['EXOTEL_ALLOW_HTTP', 'yes'],
    ['INGEST_ALLOWED_IPS', '300.0.0.0/8'],
    ['DIAL_TIMEOUT_MS', '-1'],
    ['PUBLIC_URL', 'ftp://h'],
    ['VOSK_URL', 'https://h'],
    ['RECORDINGS_URL', 'https://h'],
    ['ALLOWED_ORIGINS', 'https://h/path'],
    ['COPILOT_MAX_SOCKETS', '0'],
    ['EXOTEL_REQUESTS_PER_MINUTE', '0'],
    ['API_RATE_PER_MINUTE', '1000001'],
    ['KEY_SERVICE', 'hunter2'],
  ])('refuses a malformed %s (%s), naming it and not its value', (name, value) => {
    const error = failure({ [name]: value })
    expect(error.message).toContain(name)
    expect(error.message).not.toContain('hunter2')
    expect(error.variables).toEqual([name])
  })

  it('refuses two forms of the same keys', () => {
    const error = failure({ ENCRYPTION_KEYS: ring, ENCRYPTION_KEY: ring.slice(3) })
    expect(error.message).toBe('ENCRYPTION_KEYS and ENCRYPTION_KEY are both set; keep one.')
  })

  it('says where the master ring is, files by their absolute path', async () => {
    const masterKeys = (env: NodeJS.ProcessEnv) => readLauncherConfig('start', env).masterKeys
    expect(masterKeys({ ENCRYPTION_KEYS: ring })).toEqual({ kind: 'text', text: ring })
    expect(masterKeys({ ENCRYPTION_KEY: ring.slice(3) })).toEqual({ kind: 'text', text: ring })
    const dir = await scratchDir('config')
    await writeFile(join(dir, 'ring'), `${ring}\n`)
    await writeFile(join(dir, 'key'), `${ring.slice(3)}\n`)
    const path = relative(cwd(), join(dir, 'ring'))
    expect(masterKeys({ ENCRYPTION_KEYS_FILE: path })).toEqual({
      kind: 'file',
      path: join(dir, 'ring'),
      bare: false,
    })
    expect(masterKeys({ ENCRYPTION_KEY_FILE: join(dir, 'key') })).toMatchObject({ bare: true })
    expect(failure({ ENCRYPTION_KEYS_FILE: join(dir, 'key') }).message).toContain('kid:base64')
    expect(failure({ ENCRYPTION_KEYS_FILE: join(dir, 'none') }).message).toBe(
      'ENCRYPTION_KEYS_FILE names a file that cannot be read.',
    )
    await rm(dir, { recursive: true })
  })

  it('leaves it to a key service to judge what it wrapped', () => {
    const env = {
      KEY_SERVICE: 'vault',
      VAULT_ADDR: 'https://vault.example',
      VAULT_TOKEN: 'hunter2',
      VAULT_TRANSIT_KEY: 'callwire',
      ENCRYPTION_KEYS: 'k1:vault:v1:AAAA',
    }
    const config = readLauncherConfig('start', env)
    expect(config.keyService).toMatchObject({ kind: 'vault' })
    expect(config.masterKeys).toEqual({ kind: 'text', text: 'k1:vault:v1:AAAA' })
    expect(config.unread).toEqual([])
    expect(failure({ ...env, VAULT_ADDR: '' }).message).toBe(
      'VAULT_ADDR is not set, and KEY_SERVICE is vault.',
    )
    expect(failure({ ENCRYPTION_KEYS: 'k1:vault:v1:AAAA' }).variables).toEqual(['ENCRYPTION_KEYS'])
  })

  it.each([
    ['deepgram', 'DEEPGRAM_API_KEY is not set, and ASR_PROVIDER lists deepgram.'],
    ['loopback,vosk', 'VOSK_URL is not set, and ASR_PROVIDER lists vosk.'],
    [
      'siri',
      'ASR_PROVIDER may only list elevenlabs, deepgram, sarvam, openai, vosk, custom, loopback.',
    ],
  ])('names what the speech provider %s lacks', (list, sentence) => {
    expect(failure({ ASR_PROVIDER: list }).message).toBe(sentence)
  })

  it.each([
    'recordings',
    'file:',
    'file://host/x',
    's3://key:hunter2@bucket',
    's3:///x',
    'https://x',
  ])('refuses to keep recordings at %s', (url) => {
    expect(failure({ RECORDINGS_URL: url }).variables).toEqual(['RECORDINGS_URL'])
    expect(failure({ RECORDINGS_URL: url }).message).not.toContain('hunter2')
  })

  it('reports variables of ours that nothing reads', () => {
    const config = readLauncherConfig('start', { CALLWIRE_DATADIR: 'x', CALLWIRE_DATA_DIR: 'y' })
    expect(config.unknown).toEqual(['CALLWIRE_DATADIR'])
  })

  it('reports variables that change nothing yet', () => {
    const config = readLauncherConfig('start', { REDIS_CLUSTER_NODES: 'a:1', LOG_LEVEL: 'info' })
    expect(config.unread).toEqual(['REDIS_CLUSTER_NODES'])
  })
})

describe('the account for phones without one', () => {
  const account = {
    EXOTEL_API_KEY: 'hunter2',
    EXOTEL_API_TOKEN: 'hunter3',
    EXOTEL_SID: 'acme1',
    EXOTEL_SUBDOMAIN: 'api.in.exotel.com',
  }
  const fallback = { ...account, EXOTEL_GLOBAL_FALLBACK: 'true' }

  it('is passed on when it is asked for', () => {
    expect(readLauncherConfig('start', fallback).given).toMatchObject(fallback)
    expect(readLauncherConfig('start', fallback).unread).toEqual([])
  })

  it.each(Object.keys(account))('is refused without %s', (name) => {
    const error = failure({ ...fallback, [name]: '' })
    expect(error.message).toBe(`${name} is not set, and EXOTEL_GLOBAL_FALLBACK is true.`)
  })

  it.each([
    { EXOTEL_SUBDOMAIN: 'API.exotel.com' },
    { EXOTEL_SUBDOMAIN: 'hunter2.example' },
    { EXOTEL_ALLOWED_HOSTS: 'api.exotel.com' },
  ])('is refused for a host that is not allowed (%j)', (env) => {
    const error = failure({ ...fallback, ...env })
    expect(error.variables).toEqual(['EXOTEL_SUBDOMAIN'])
    expect(error.message).not.toContain('hunter2')
  })

  it.each([
    ['start', account],
    ['start', { ...fallback, EXOTEL_GLOBAL_FALLBACK: 'false' }],
    ['demo', fallback],
  ] as const)('stays with the launcher where it is not to be used (%s)', (mode, env) => {
    const { given } = readLauncherConfig(mode, env)
    expect(Object.keys(given).filter((name) => name.startsWith('EXOTEL_'))).toEqual([])
  })
})
