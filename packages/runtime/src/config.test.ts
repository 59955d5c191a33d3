import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { ConfigError, readConfig, unknownVariables, variableFile } from './config.ts'
import { variables } from './variables.ts'

const dir = mkdtempSync(join(tmpdir(), 'runtime-config-'))
afterAll(() => rmSync(dir, { recursive: true }))

const schema = z.object({
  REDIS_URL: variables.url,
  GATEWAY_PORT: variables.port.default(8080),
  SUPPORT: variables.booleanFlag.default(false),
  JWT_SECRET: variables.secret,
  HOSTS: variables.hostList.optional(),
})
const complete = { REDIS_URL: 'redis://h:1', JWT_SECRET: 's3cr3t' }

function problemsOf(env: NodeJS.ProcessEnv): string {
  try {
    readConfig(schema, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

test('reads what is set and fills in defaults; an empty value is not set', () => {
  const config = readConfig(schema, { ...complete, GATEWAY_PORT: '', HOSTS: 'A.example, b:1' })
  expect(config).toMatchObject({
    REDIS_URL: 'redis://h:1',
    GATEWAY_PORT: 8080,
    SUPPORT: false,
    HOSTS: ['a.example', 'b:1'],
  })
  expect(config.JWT_SECRET.reveal()).toBe('s3cr3t')
})

test('reads a value from the file that NAME_FILE names', () => {
  const path = join(dir, 'secret')
  writeFileSync(path, 'from-file\n')
  const config = readConfig(schema, { REDIS_URL: 'redis://h:1', JWT_SECRET_FILE: path })
  expect(config.JWT_SECRET.reveal()).toBe('from-file')
})

test('knows which file a value came from', () => {
  const env = { RING_FILE: '/x/ring', OTHER: 'text', EMPTY_FILE: '' }
  expect(['RING', 'OTHER', 'EMPTY'].map((name) => variableFile(name, env))).toEqual([
    '/x/ring',
    null,
    null,
  ])
})

test.each([
  [{ JWT_SECRET: 'x' }, 'REDIS_URL is not set.'],
  [{ ...complete, GATEWAY_PORT: '99999' }, 'GATEWAY_PORT must be a port number from 0 to 65535.'],
  [{ ...complete, SUPPORT: 'yes' }, 'SUPPORT must be true or false.'],
  [{ ...complete, HOSTS: 'a b' }, 'HOSTS must be a comma-separated list of host names'],
  [{ ...complete, JWT_SECRET_FILE: '/x' }, 'JWT_SECRET and JWT_SECRET_FILE are both set'],
  [
    { REDIS_URL: 'redis://h:1', JWT_SECRET_FILE: '/no/such/file' },
    'JWT_SECRET_FILE names a file that cannot be read.',
  ],
])('names the variable that is wrong: %j', (env, sentence) => {
  expect(problemsOf(env)).toContain(sentence)
})

test('tells every problem at once and never a value', () => {
  const message = problemsOf({ REDIS_URL: 'v4lue-1', GATEWAY_PORT: 'v4lue-2', SUPPORT: 'v4lue-3' })
  expect(message).toMatch(/REDIS_URL .*GATEWAY_PORT .*SUPPORT .*JWT_SECRET is not set/)
  expect(message).not.toContain('v4lue')
})

test('does not let a throwing transform tell its value', () => {
  const throwing = z.object({
    RING: z.string().transform((value): string => {
      throw new Error(`bad ring ${value}`)
    }),
  })
  expect(() => readConfig(throwing, { RING: 'v4lue' })).toThrow(ConfigError)
  expect(() => readConfig(throwing, { RING: 'v4lue' })).not.toThrow(/v4lue/)
})

test('reports misspelt variables of ours only', () => {
  const env = { CALLWIRE_DATA_DIR: 'x', CALLWIRE_DATADIR: 'x', CALLWIRE_URL_FILE: 'x', PATH: 'x' }
  expect(unknownVariables(env, ['CALLWIRE_DATA_DIR', 'CALLWIRE_URL'])).toEqual(['CALLWIRE_DATADIR'])
})
