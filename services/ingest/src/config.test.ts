import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { drainGraceOf, readIngestConfig } from './config.ts'

const ring = `k1:${Buffer.alloc(32, 1).toString('base64')}`
const least = {
  DATABASE_URL: 'postgres://callwire_ingest:x@127.0.0.1:5555/callwire',
  REDIS_URL: 'redis://127.0.0.1:6666',
  CONTENT_KEYS: ring,
  EDGE_KEYS: ring,
  JWT_SECRET: 'secret',
}

describe('readIngestConfig', () => {
  test('has a default for everything but stores and keys', () => {
    expect(readIngestConfig(least)).toMatchObject({
      port: 8081,
      host: '127.0.0.1',
      publicUrl: 'http://127.0.0.1:8080',
      drainGraceMs: 60_000,
      allowListAlone: false,
      allowedIps: [],
      trustedProxies: [],
    })
  })

  test('reads the allow-list', () => {
    const config = readIngestConfig({
      ...least,
      SUPPORT_EXOTEL: 'true',
      INGEST_ALLOWED_IPS: '203.0.113.0/24, 2001:db8::1',
    })
    expect(config).toMatchObject({
      allowListAlone: true,
      allowedIps: ['203.0.113.0/24', '2001:db8::1'],
    })
  })

  test.each([
    ['INGEST_ALLOWED_IPS', '10.0.0.0/40'],
    ['PUBLIC_URL', 'ftp://x'],
    ['SUPPORT_EXOTEL', 'yes'],
    ['DRAIN_GRACE_MS', '-1'],
    ['REDIS_URL', 'not a url'],
    ['CONTENT_KEYS', 'k1:AAAA'],
    ['EDGE_KEYS', 'k1'],
  ])('names %s when it is malformed, and not its value', (name, value) => {
    expect(() => readIngestConfig({ ...least, [name]: value })).toThrow(name)
    expect(() => readIngestConfig({ ...least, [name]: value })).not.toThrow(value)
  })
})

test('knows the rings to watch, and the files that they came from', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ingest-config-'))
  const file = join(dir, 'CONTENT_KEYS')
  writeFileSync(file, `${ring}\n`)
  const { CONTENT_KEYS: _given, ...rest } = least
  const { rings } = readIngestConfig({ ...rest, CONTENT_KEYS_FILE: file })
  rmSync(dir, { recursive: true })
  expect(rings.map(({ name, text, file }) => [name, text.reveal(), file])).toEqual([
    ['CONTENT_KEYS', ring, file],
    ['EDGE_KEYS', ring, null],
  ])
})

test('the grace is known before the configuration is', () => {
  expect(drainGraceOf({ DRAIN_GRACE_MS: '1500' })).toBe(1_500)
  expect(drainGraceOf({ DRAIN_GRACE_MS: 'x' })).toBe(60_000)
  expect(drainGraceOf({})).toBe(60_000)
})
