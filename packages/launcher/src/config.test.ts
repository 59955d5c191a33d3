import { ConfigError } from '@callwire/runtime'
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
    expect(config.encryptionKeys).toBeUndefined()
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

  it('takes one bare key as ring k1', () => {
    expect(readLauncherConfig('start', { ENCRYPTION_KEY: ring.slice(3) }).encryptionKeys).toBe(ring)
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

  it('reports variables of ours that nothing reads', () => {
    const config = readLauncherConfig('start', { CALLWIRE_DATADIR: 'x', CALLWIRE_DATA_DIR: 'y' })
    expect(config.unknown).toEqual(['CALLWIRE_DATADIR'])
  })

  it('reports variables that change nothing yet', () => {
    const config = readLauncherConfig('start', { KEY_SERVICE: 'vault', LOG_LEVEL: 'info' })
    expect(config.unread).toEqual(['KEY_SERVICE'])
  })
})
