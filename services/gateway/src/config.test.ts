import { randomBytes } from 'node:crypto'
import { deriveServiceKeys, parseMasterRing } from '@callwire/crypto'
import { ConfigError } from '@callwire/runtime'
import { describe, expect, it } from 'vitest'
import { readGatewayConfig } from './config.ts'

const keys = deriveServiceKeys(parseMasterRing(`k1:${randomBytes(32).toString('base64')}`))
const env = {
  DATABASE_URL: 'postgres://callwire_gateway:pw@127.0.0.1/callwire',
  REDIS_URL: 'redis://127.0.0.1:6379',
  JWT_SECRET: 'x'.repeat(32),
  ...keys,
}

function problemOf(change: Record<string, string>): string {
  try {
    readGatewayConfig({ ...env, ...change })
    return 'none'
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

describe('readGatewayConfig', () => {
  it('has a default for all but stores, keys and secret', () => {
    expect(readGatewayConfig(env)).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      publicUrl: 'http://127.0.0.1:8080',
      allowedOrigins: ['http://127.0.0.1:8080'],
      upstreams: {
        ingest: { host: '127.0.0.1', port: 8081 },
        copilot: { host: '127.0.0.1', port: 8082 },
      },
      allowedHosts: ['api.exotel.com', 'api.in.exotel.com'],
      trustedProxies: [],
      ratePerMinute: 1200,
      drainGraceMs: 60_000,
    })
  })

  it('takes lists', () => {
    const config = readGatewayConfig({
      ...env,
      INGEST_URL: 'http://[::1]:9001',
      SERVICE_HEALTH_URLS: 'ingest=http://127.0.0.1:1,dialer=http://127.0.0.1:2',
      ALLOWED_ORIGINS: 'https://a.example, https://b.example:8443',
      TRUSTED_PROXIES: '10.0.0.0/8,127.0.0.1',
      EXOTEL_ALLOWED_HOSTS: '127.0.0.1:8099',
    })
    expect(config).toMatchObject({
      upstreams: { ingest: { host: '::1', port: 9001 } },
      healthUrls: [
        { name: 'ingest', url: 'http://127.0.0.1:1' },
        { name: 'dialer', url: 'http://127.0.0.1:2' },
      ],
      allowedOrigins: ['https://a.example', 'https://b.example:8443'],
      trustedProxies: ['10.0.0.0/8', '127.0.0.1'],
      allowedHosts: ['127.0.0.1:8099'],
    })
  })

  it('gives live sockets less time under a supervisor', () => {
    expect(readGatewayConfig({ ...env, CALLWIRE_SUPERVISED: '1' }).drainGraceMs).toBe(5_000)
  })

  it.each([
    ['DATABASE_URL', ''],
    ['DATABASE_URL', 'secret-value'],
    ['CREDENTIAL_SEAL_KEYS', 'secret-value'],
    ['CONTENT_KEYS', 'k1:secret-value'],
    ['CALLBACK_KEYS', ''],
    ['EDGE_KEYS', 'secret-value'],
    ['JWT_SECRET', ''],
    ['TRUSTED_PROXIES', '1'],
    ['ALLOWED_ORIGINS', 'https://a.example/path'],
    ['SERVICE_HEALTH_URLS', 'secret-value'],
    ['INGEST_URL', 'https://secret-value'],
    ['API_RATE_PER_MINUTE', '-1'],
    ['GATEWAY_PORT', '70000'],
  ])('names %s when it is %j, and no value', (name, value) => {
    const problem = problemOf({ [name]: value })
    expect(problem).toContain(name)
    expect(problem).not.toContain('secret-value')
  })
})
