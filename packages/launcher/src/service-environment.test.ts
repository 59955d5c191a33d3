import { describe, expect, it } from 'vitest'

import { serviceEnvironment, type EnvironmentInput } from './service-environment.ts'
import { metricsOrder, serviceNeeds, type Service } from './services.ts'

const input: EnvironmentInput = {
  config: {
    logLevel: 'info',
    machine: { PATH: '/bin' },
    given: {
      DEEPGRAM_API_KEY: 'a-speech-key',
      EXOTEL_GLOBAL_FALLBACK: 'true',
      EXOTEL_API_KEY: 'a-provider-key',
      EXOTEL_API_TOKEN: 'a-provider-token',
      EXOTEL_SID: 'a-provider-sid',
      EXOTEL_SUBDOMAIN: 'a-provider-host',
      DATABASE_URL: 'postgres://migrator:secret@h/db',
      ENCRYPTION_KEYS: 'the-master-ring',
      KEY_SERVICE: 'vault',
      VAULT_ADDR: 'https://key-service.example',
      VAULT_TOKEN: 'a-vault-token',
      VAULT_TRANSIT_KEY: 'a-transit-key',
      VAULT_NAMESPACE: 'a-namespace',
      AWS_KMS_KEY_ID: 'a-kms-key',
      AWS_ENDPOINT_URL_KMS: 'https://kms-endpoint.example',
      AWS_REGION: 'a-region',
      WEBHOOK_ALLOWED_HOSTS: 'crm.internal:8443',
      RECORDINGS_URL: 'file:///data/recordings',
      AWS_ENDPOINT_URL_S3: 'https://s3-endpoint.example',
      AWS_ACCESS_KEY_ID: 'an-aws-id',
      AWS_SECRET_ACCESS_KEY: 'an-aws-secret',
      AWS_SESSION_TOKEN: 'an-aws-session',
    },
  },
  places: {
    host: '127.0.0.1',
    gateway: 1,
    ingest: 2,
    copilot: 3,
    simulator: 4,
    metrics: Object.fromEntries(
      metricsOrder.map((name, slot) => [name, 100 + slot]),
    ) as EnvironmentInput['places']['metrics'],
  },
  ringFile: (service, name) => `/data/rings/${service}/${name}`,
  jwtSecret: 'the-jwt-secret',
  redisUrl: 'redis://:pw@h',
  databaseUrlOf: (service) => `postgres://callwire_${service}@h/db`,
  overrides: { PUBLIC_URL: 'http://127.0.0.1:1' },
  simulator: { SIMULATOR_API_TOKEN: 'the-simulated-token' },
}

const services = Object.keys(serviceNeeds) as Service[]

function holders(secret: string): Service[] {
  return services.filter((service) =>
    Object.values(serviceEnvironment(service, input)).some((value) => value.includes(secret)),
  )
}

describe('serviceEnvironment', () => {
  it('opens to the network only what is spoken to from outside, and asks for health on loopback', () => {
    const open = { ...input, places: { ...input.places, host: '192.0.2.7' } }
    const hosts = services.map((service) => [service, serviceEnvironment(service, open)['HOST']])
    expect(Object.fromEntries(hosts)).toEqual({
      gateway: '192.0.2.7',
      ingest: '192.0.2.7',
      copilot: '192.0.2.7',
      dialer: '127.0.0.1',
      transcriber: '127.0.0.1',
      courier: '127.0.0.1',
      'exotel-simulator': '127.0.0.1',
    })
    const { SERVICE_HEALTH_URLS, INGEST_URL } = serviceEnvironment('gateway', open)
    expect(SERVICE_HEALTH_URLS).toBe(
      'ingest=http://127.0.0.1:101,dialer=http://127.0.0.1:102,transcriber=http://127.0.0.1:103,copilot=http://127.0.0.1:104,courier=http://127.0.0.1:105',
    )
    expect(INGEST_URL).toBe('http://192.0.2.7:2')
  })

  it.each([
    ['the-jwt-secret', ['gateway', 'ingest', 'copilot']],
    ['a-speech-key', ['transcriber']],
    ['a-provider-key', ['dialer']],
    ['a-provider-token', ['dialer']],
    ['a-provider-sid', ['gateway', 'dialer']],
    ['a-provider-host', ['gateway', 'dialer']],
    ['the-simulated-token', ['exotel-simulator']],
    ['the-master-ring', []],
    ['key-service.example', []],
    ['a-vault-token', []],
    ['a-transit-key', []],
    ['a-namespace', []],
    ['a-kms-key', []],
    ['kms-endpoint.example', []],
    ['a-region', []],
    ['s3-endpoint.example', []],
    ['an-aws-', []],
    ['/data/recordings', ['gateway', 'dialer', 'transcriber']],
    ['migrator:secret', []],
    ['redis://', ['gateway', 'ingest', 'dialer', 'transcriber', 'copilot', 'courier']],
    ['crm.internal:8443', ['gateway', 'courier']],
  ])('gives %s to %j and nobody else', (secret, allowed) => {
    expect(holders(secret)).toEqual(allowed)
  })

  it.each([
    ['CREDENTIAL_SEAL_KEYS', ['gateway']],
    ['CREDENTIAL_OPEN_KEYS', ['dialer']],
    ['VENDOR_SEAL_KEYS', ['gateway']],
    ['VENDOR_OPEN_KEYS', ['transcriber']],
    ['WEBHOOK_SEAL_KEYS', ['gateway']],
    ['WEBHOOK_OPEN_KEYS', ['courier']],
    ['BACKUP_SEAL_KEYS', []],
    ['BACKUP_OPEN_KEYS', []],
    ['CONTENT_KEYS', ['gateway', 'ingest', 'dialer', 'transcriber']],
    ['CALLBACK_KEYS', ['gateway', 'dialer']],
    ['EDGE_KEYS', ['gateway', 'ingest']],
  ])('names the file of %s to %j and to nobody else', (name, allowed) => {
    expect(holders(name)).toEqual(allowed)
    for (const service of allowed) {
      const env = serviceEnvironment(service as Service, input)
      expect(env[`${name}_FILE`]).toBe(`/data/rings/${service}/${name}`)
      expect(env).not.toHaveProperty(name)
    }
  })

  it('gives an account of AWS to those who speak to S3, where recordings are kept there', () => {
    const overrides = { RECORDINGS_URL: 's3://bucket/kept' }
    for (const service of services) {
      const env = serviceEnvironment(service, { ...input, overrides })
      const holds = ['gateway', 'dialer', 'transcriber'].includes(service)
      expect([service, env['AWS_SECRET_ACCESS_KEY'], env['AWS_REGION']]).toEqual(
        holds ? [service, 'an-aws-secret', 'a-region'] : [service, undefined, undefined],
      )
      expect(env).not.toHaveProperty('AWS_KMS_KEY_ID')
    }
  })

  it('gives each its own login, and its own metrics port in the order of services', () => {
    expect(serviceEnvironment('dialer', input)).toMatchObject({
      DATABASE_URL: 'postgres://callwire_dialer@h/db',
      METRICS_PORT: '102',
      CALLWIRE_SUPERVISED: '1',
    })
    expect(serviceEnvironment('exotel-simulator', input)['METRICS_PORT']).toBe('107')
  })

  it('tells the gateway where the others are', () => {
    expect(serviceEnvironment('gateway', input)).toMatchObject({
      INGEST_URL: 'http://127.0.0.1:2',
      COPILOT_URL: 'http://127.0.0.1:3',
      SERVICE_HEALTH_URLS:
        'ingest=http://127.0.0.1:101,dialer=http://127.0.0.1:102,transcriber=http://127.0.0.1:103,copilot=http://127.0.0.1:104,courier=http://127.0.0.1:105',
    })
  })
})
