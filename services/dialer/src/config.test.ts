import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { ConfigError } from '@callwire/runtime'
import { scratchDir } from '@callwire/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { readDialerConfig } from './config.ts'
import { serviceKeys } from './test-support/keys.ts'

const environment = {
  DATABASE_URL: 'postgres://callwire_dialer:pw@127.0.0.1/callwire',
  REDIS_URL: 'redis://127.0.0.1:6380',
  CREDENTIAL_OPEN_KEYS: serviceKeys.CREDENTIAL_OPEN_KEYS,
  CONTENT_KEYS: serviceKeys.CONTENT_KEYS,
  CALLBACK_KEYS: serviceKeys.CALLBACK_KEYS,
}

test('the documented defaults', () => {
  const config = readDialerConfig(environment)
  expect(config.settings).toEqual({
    webhookBaseUrl: 'http://127.0.0.1:8080',
    mediaBaseUrl: 'ws://127.0.0.1:8080',
    streamBegin: 'Leg2Connect',
    dialTimeoutMs: 35_000,
    reconcileAfterMs: 5_000,
    reconcileGraceMs: 120_000,
    callPollAfterMs: 60_000,
  })
  expect(config.exotel).toEqual({
    allowedHosts: ['api.exotel.com', 'api.in.exotel.com'],
    allowHttp: false,
    requestsPerMinute: 200,
    globalAccount: null,
  })
})

test('the rings come with their texts, and with their files where they have any', async () => {
  const dir = await scratchDir('dialer-config')
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const path = join(dir, 'content')
  await writeFile(path, serviceKeys.CONTENT_KEYS)
  const { CONTENT_KEYS: text, ...others } = environment
  const { rings } = readDialerConfig({ ...others, CONTENT_KEYS_FILE: path })
  expect(rings.map(({ name, file }) => [name, file])).toEqual([
    ['CREDENTIAL_OPEN_KEYS', null],
    ['CONTENT_KEYS', path],
    ['CALLBACK_KEYS', null],
  ])
  expect(rings[1]?.text.reveal()).toBe(text)
})

test("the install's own account is read when it is asked for, and its secrets print as none", () => {
  const account = {
    EXOTEL_API_KEY: 'k3y-canary',
    EXOTEL_API_TOKEN: 't0ken-canary',
    EXOTEL_SID: 'acme1',
    EXOTEL_SUBDOMAIN: 'api.in.exotel.com',
  }
  expect(readDialerConfig({ ...environment, ...account }).exotel.globalAccount).toBeNull()
  const asked = { ...environment, ...account, EXOTEL_GLOBAL_FALLBACK: 'true' }
  const config = readDialerConfig(asked)
  expect(config.exotel.globalAccount?.apiToken.reveal()).toBe('t0ken-canary')
  expect(inspect(config, { depth: 9, showHidden: true })).not.toContain('canary')
})

test('public origins, with and without a slash', () => {
  const { settings } = readDialerConfig({
    ...environment,
    PUBLIC_URL: 'https://calls.example/',
    WEBHOOK_BASE_URL: 'https://hooks.example',
  })
  expect(settings.mediaBaseUrl).toBe('wss://calls.example')
  expect(settings.webhookBaseUrl).toBe('https://hooks.example')
})

test.each([
  ['DATABASE_URL', ''],
  ['CREDENTIAL_OPEN_KEYS', 'k1:c2VjcmV0'],
  ['CONTENT_KEYS', 'rubbish-rubbish'],
  ['EXOTEL_REQUESTS_PER_MINUTE', 'many-many'],
  ['EXOTEL_ALLOW_HTTP', 'yes-yes'],
  ['DIAL_TIMEOUT_MS', '-1-1-1'],
  ['EXOTEL_GLOBAL_FALLBACK', 'yes-yes'],
])('a bad %s is named, its value is not', (name, value) => {
  let error: unknown
  try {
    readDialerConfig({ ...environment, [name]: value })
  } catch (caught) {
    error = caught
  }
  expect(error).toBeInstanceOf(ConfigError)
  expect((error as ConfigError).variables).toEqual([name])
  expect((error as ConfigError).message).toContain(name)
  if (value !== '') expect((error as ConfigError).message).not.toContain(value)
})
