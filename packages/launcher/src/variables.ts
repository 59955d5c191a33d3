import { keyServiceVariables } from '@callwire/key-service'
import { isRecordingsUrl, recordingVariables } from '@callwire/recordings'
import { variables } from '@callwire/runtime'
import { z } from 'zod'

/** Every name that must stay known here so that `CALLWIRE_*` slips are told apart. */
export const ownVariables = [
  'CALLWIRE_DATA_DIR',
  'CALLWIRE_PARENT_FD',
  'CALLWIRE_URL',
  'CALLWIRE_API_KEY',
  'CALLWIRE_SUPERVISED',
  'CALLWIRE_TEST_STORES',
] as const

/**
 * Variables with a meaning that no service of this version reads: whoever sets one learns that it
 * changes nothing.
 */
export const unreadVariables = ['REDIS_CLUSTER_NODES'] as const

const optionalText = variables.text.optional()
const databaseUrl = variables.url
  .refine((text) => /^postgres(ql)?:\/\//i.test(text), 'must be a postgres:// URL')
  .optional()
const redisUrl = variables.url
  .refine((text) => /^rediss?:\/\//i.test(text), 'must be a redis:// or rediss:// URL')
  .optional()
const webUrl = variables.url
  .refine((text) => /^https?:\/\//i.test(text), 'must be an http:// or https:// URL')
  .optional()
const socketUrl = variables.url
  .refine((text) => /^wss?:\/\//i.test(text), 'must be a ws:// or wss:// URL')
  .optional()
/** Here a directory may be named within the data directory. */
const recordingsUrl = z
  .string()
  .refine(isRecordingsUrl, 'must be file:<directory> or s3://<bucket>/<prefix>')
  .optional()
/** Longer than any wait of ours may sensibly be set: a day. */
const waitMs = variables.whole(0, 86_400_000).optional()

/** The variables a person may set, each checked before anything is started. */
export const launcherSchema = z.object({
  CALLWIRE_DATA_DIR: optionalText,
  DATABASE_URL: databaseUrl,
  DATABASE_URL_GATEWAY: databaseUrl,
  DATABASE_URL_INGEST: databaseUrl,
  DATABASE_URL_DIALER: databaseUrl,
  DATABASE_URL_TRANSCRIBER: databaseUrl,
  DATABASE_URL_COPILOT: databaseUrl,
  DATABASE_URL_COURIER: databaseUrl,
  REDIS_URL: redisUrl,
  REDIS_CLUSTER_NODES: optionalText,
  HOST: variables.text.default('127.0.0.1'),
  GATEWAY_PORT: variables.port.default(8080),
  INGEST_PORT: variables.port.default(8081),
  COPILOT_PORT: variables.port.default(8082),
  METRICS_PORT: variables.port.default(9464),
  SIMULATOR_PORT: variables.port.optional(),
  API_RATE_PER_MINUTE: variables.whole(0, 1_000_000).optional(),
  COPILOT_MAX_SOCKETS: variables.whole(1, 1_000_000).optional(),
  DIAL_TIMEOUT_MS: waitMs,
  EXOTEL_REQUESTS_PER_MINUTE: variables.whole(1, 100_000).optional(),
  DRAIN_GRACE_MS: waitMs,
  RECONCILE_AFTER_MS: waitMs,
  RECONCILE_GRACE_MS: waitMs,
  CALL_POLL_AFTER_MS: waitMs,
  PUBLIC_URL: webUrl,
  WEBHOOK_BASE_URL: webUrl,
  ENCRYPTION_KEYS: optionalText,
  ENCRYPTION_KEY: optionalText,
  JWT_SECRET: z.string().min(32, 'must be at least 32 characters').optional(),
  SUPPORT_EXOTEL: variables.booleanFlag.optional(),
  INGEST_ALLOWED_IPS: variables.cidrList.optional(),
  TRUSTED_PROXIES: variables.cidrList.optional(),
  EXOTEL_ALLOWED_HOSTS: variables.hostList.optional(),
  EXOTEL_ALLOW_HTTP: variables.booleanFlag.optional(),
  EXOTEL_STREAM_BEGIN: optionalText,
  EXOTEL_GLOBAL_FALLBACK: variables.booleanFlag.optional(),
  EXOTEL_API_KEY: optionalText,
  EXOTEL_API_TOKEN: optionalText,
  EXOTEL_SID: optionalText,
  EXOTEL_SUBDOMAIN: optionalText,
  ASR_PROVIDER: z.string().optional(),
  ELEVENLABS_API_KEY: optionalText,
  DEEPGRAM_API_KEY: optionalText,
  SARVAM_API_KEY: optionalText,
  OPENAI_API_KEY: optionalText,
  CUSTOM_STT_API_KEY: optionalText,
  ELEVENLABS_URL: socketUrl,
  DEEPGRAM_URL: socketUrl,
  SARVAM_URL: socketUrl,
  OPENAI_URL: socketUrl,
  VOSK_URL: socketUrl,
  CUSTOM_STT_URL: socketUrl,
  ...recordingVariables,
  RECORDINGS_URL: recordingsUrl,
  AWS_ACCESS_KEY_ID: optionalText,
  AWS_SECRET_ACCESS_KEY: optionalText,
  AWS_SESSION_TOKEN: optionalText,
  ALLOWED_ORIGINS: variables.originList.optional(),
  WEBHOOK_ALLOWED_HOSTS: variables.hostList
    .refine((hosts) => hosts.every((host) => /:\d+$/.test(host)), 'needs host:port for each host')
    .optional(),
  ...keyServiceVariables,
  LOG_LEVEL: variables.logLevel.default('info'),
})

export type VariableName = keyof z.output<typeof launcherSchema>
