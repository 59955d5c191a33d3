import type { ServiceKeys } from '@callwire/crypto'
import type { ServiceName as DatabaseService } from '@callwire/db'

import type { VariableName } from './variables.ts'

/** A process of the system; `exotel-simulator` runs in the demo only. */
export type Service =
  'gateway' | 'ingest' | 'dialer' | 'transcriber' | 'copilot' | 'courier' | 'exotel-simulator'

/** Each has the metrics port of its place in this list, so a service that is not here yet keeps its place. */
export const metricsOrder = [
  'gateway',
  'ingest',
  'dialer',
  'transcriber',
  'copilot',
  'courier',
  'dashboard',
  'exotel-simulator',
] as const

export type ServiceNeeds = {
  /** The login it has in the database; null for one that has no database. */
  readonly database: DatabaseService | null
  /** The rings it holds, and no others. */
  readonly keys: readonly (keyof ServiceKeys)[]
  readonly jwtSecret: boolean
  /** What is passed on to it when it was set. */
  readonly variables: readonly VariableName[]
}

const exotelHosts = ['EXOTEL_ALLOWED_HOSTS', 'EXOTEL_ALLOW_HTTP'] as const
const publicUrls = ['PUBLIC_URL', 'WEBHOOK_BASE_URL'] as const

/** Who gets what: a process that does not need a secret does not have it. */
export const serviceNeeds: Readonly<Record<Service, ServiceNeeds>> = {
  gateway: {
    database: 'gateway',
    keys: [
      'CREDENTIAL_SEAL_KEYS',
      'VENDOR_SEAL_KEYS',
      'WEBHOOK_SEAL_KEYS',
      'CONTENT_KEYS',
      'CALLBACK_KEYS',
      'EDGE_KEYS',
    ],
    jwtSecret: true,
    variables: [
      ...exotelHosts,
      ...publicUrls,
      'API_RATE_PER_MINUTE',
      'TRUSTED_PROXIES',
      'ALLOWED_ORIGINS',
      'RECORDINGS_URL',
      'WEBHOOK_ALLOWED_HOSTS',
      'EXOTEL_GLOBAL_FALLBACK',
      'EXOTEL_SID',
      'EXOTEL_SUBDOMAIN',
    ],
  },
  ingest: {
    database: 'ingest',
    keys: ['CONTENT_KEYS', 'EDGE_KEYS'],
    jwtSecret: true,
    variables: [
      'PUBLIC_URL',
      'DRAIN_GRACE_MS',
      'SUPPORT_EXOTEL',
      'INGEST_ALLOWED_IPS',
      'TRUSTED_PROXIES',
    ],
  },
  dialer: {
    database: 'dialer',
    keys: ['CREDENTIAL_OPEN_KEYS', 'CONTENT_KEYS', 'CALLBACK_KEYS'],
    jwtSecret: false,
    variables: [
      ...exotelHosts,
      ...publicUrls,
      'DIAL_TIMEOUT_MS',
      'EXOTEL_REQUESTS_PER_MINUTE',
      'EXOTEL_STREAM_BEGIN',
      'RECONCILE_AFTER_MS',
      'RECONCILE_GRACE_MS',
      'CALL_POLL_AFTER_MS',
      'RECORDINGS_URL',
      'EXOTEL_GLOBAL_FALLBACK',
      'EXOTEL_API_KEY',
      'EXOTEL_API_TOKEN',
      'EXOTEL_SID',
      'EXOTEL_SUBDOMAIN',
    ],
  },
  transcriber: {
    database: 'transcriber',
    keys: ['CONTENT_KEYS', 'VENDOR_OPEN_KEYS'],
    jwtSecret: false,
    variables: [
      'ASR_PROVIDER',
      'ELEVENLABS_API_KEY',
      'DEEPGRAM_API_KEY',
      'SARVAM_API_KEY',
      'OPENAI_API_KEY',
      'CUSTOM_STT_API_KEY',
      'ELEVENLABS_URL',
      'DEEPGRAM_URL',
      'SARVAM_URL',
      'OPENAI_URL',
      'VOSK_URL',
      'CUSTOM_STT_URL',
      'RECORDINGS_URL',
    ],
  },
  copilot: {
    database: 'copilot',
    keys: [],
    jwtSecret: true,
    variables: ['PUBLIC_URL', 'COPILOT_MAX_SOCKETS', 'ALLOWED_ORIGINS'],
  },
  courier: {
    database: 'courier',
    keys: ['WEBHOOK_OPEN_KEYS'],
    jwtSecret: false,
    variables: ['WEBHOOK_ALLOWED_HOSTS'],
  },
  'exotel-simulator': { database: null, keys: [], jwtSecret: false, variables: [] },
}

/**
 * Flags of Node for one service. The dialer opens and seals with OpenSSL's objects, whose memory the collector does not
 * see: with its usual young generation it lets some hundred megabytes of them gather during a rotation before it looks.
 * `npm run bench -- rotation` measures it.
 */
export const nodeFlags: Readonly<Partial<Record<Service, readonly string[]>>> = {
  dialer: ['--max-semi-space-size=4'],
}
