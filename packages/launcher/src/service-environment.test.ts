import { describe, expect, it } from 'vitest'

import { serviceEnvironment, type EnvironmentInput } from './service-environment.ts'
import { metricsOrder, serviceNeeds, type Service } from './services.ts'

const keys = {
  CREDENTIAL_SEAL_KEYS: 'credential-seal',
  CREDENTIAL_OPEN_KEYS: 'credential-open',
  VENDOR_SEAL_KEYS: 'vendor-seal',
  VENDOR_OPEN_KEYS: 'vendor-open',
  WEBHOOK_SEAL_KEYS: 'webhook-seal',
  WEBHOOK_OPEN_KEYS: 'webhook-open',
  BACKUP_SEAL_KEYS: 'backup-seal',
  BACKUP_OPEN_KEYS: 'backup-open',
  CONTENT_KEYS: 'content',
  CALLBACK_KEYS: 'callback',
  EDGE_KEYS: 'edge',
}

const input: EnvironmentInput = {
  config: {
    logLevel: 'info',
    machine: { PATH: '/bin' },
    given: {
      DEEPGRAM_API_KEY: 'a-speech-key',
      EXOTEL_API_TOKEN: 'a-provider-token',
      DATABASE_URL: 'postgres://migrator:secret@h/db',
      ENCRYPTION_KEYS: 'the-master-ring',
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
  keys,
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
      'exotel-simulator': '127.0.0.1',
    })
    const { SERVICE_HEALTH_URLS, INGEST_URL } = serviceEnvironment('gateway', open)
    expect(SERVICE_HEALTH_URLS).toBe(
      'ingest=http://127.0.0.1:101,dialer=http://127.0.0.1:102,transcriber=http://127.0.0.1:103,copilot=http://127.0.0.1:104',
    )
    expect(INGEST_URL).toBe('http://192.0.2.7:2')
  })

  it.each([
    ['credential-seal', ['gateway']],
    ['credential-open', ['dialer']],
    ['vendor-seal', ['gateway']],
    ['vendor-open', ['transcriber']],
    ['webhook-seal', ['gateway']],
    ['webhook-open', []],
    ['content', ['gateway', 'ingest', 'dialer', 'transcriber']],
    ['callback', ['gateway', 'dialer']],
    ['edge', ['gateway', 'ingest']],
    ['the-jwt-secret', ['gateway', 'ingest', 'copilot']],
    ['a-speech-key', ['transcriber']],
    ['a-provider-token', ['dialer']],
    ['the-simulated-token', ['exotel-simulator']],
    ['the-master-ring', []],
    ['migrator:secret', []],
    ['redis://', ['gateway', 'ingest', 'dialer', 'transcriber', 'copilot']],
  ])('gives %s to %j and nobody else', (secret, allowed) => {
    expect(holders(secret)).toEqual(allowed)
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
        'ingest=http://127.0.0.1:101,dialer=http://127.0.0.1:102,transcriber=http://127.0.0.1:103,copilot=http://127.0.0.1:104',
    })
  })
})
