import { parseContentRing, parseMacRing, parseOpenRing } from '@callwire/crypto'
import { defaultStreamBegin } from '@callwire/exotel'
import { heldRing, type HeldRing } from '@callwire/keyring'
import { recordingSettings, recordingVariables } from '@callwire/recordings'
import { readConfig, variableFile, variables } from '@callwire/runtime'
import { z } from 'zod'
import { readGlobalAccount } from './account/global-account.ts'

/** A minute is what Exotel's own docs allow at most for the window; more is a slip of the pen. */
const mostRequestsPerMinute = 100_000

const schema = z.object({
  DATABASE_URL: variables.url,
  REDIS_URL: variables.url,
  CREDENTIAL_OPEN_KEYS: variables.text.transform(heldRing('CREDENTIAL_OPEN_KEYS', parseOpenRing)),
  CONTENT_KEYS: variables.text.transform(heldRing('CONTENT_KEYS', parseContentRing)),
  CALLBACK_KEYS: variables.text.transform(heldRing('CALLBACK_KEYS', parseMacRing)),
  HOST: variables.text.default('127.0.0.1'),
  GATEWAY_PORT: variables.port.prefault('8080'),
  METRICS_PORT: variables.port.prefault('9466'),
  PUBLIC_URL: variables.url.optional(),
  WEBHOOK_BASE_URL: variables.url.optional(),
  EXOTEL_ALLOWED_HOSTS: variables.hostList.prefault('api.exotel.com,api.in.exotel.com'),
  EXOTEL_ALLOW_HTTP: variables.booleanFlag.prefault('false'),
  EXOTEL_REQUESTS_PER_MINUTE: variables.whole(1, mostRequestsPerMinute).prefault('200'),
  EXOTEL_STREAM_BEGIN: variables.text.prefault(defaultStreamBegin),
  EXOTEL_GLOBAL_FALLBACK: variables.booleanFlag.prefault('false'),
  EXOTEL_API_KEY: variables.secret.optional(),
  EXOTEL_API_TOKEN: variables.secret.optional(),
  EXOTEL_SID: variables.text.optional(),
  EXOTEL_SUBDOMAIN: variables.text.optional(),
  DIAL_TIMEOUT_MS: variables.durationMs.prefault('35000'),
  RECONCILE_AFTER_MS: variables.durationMs.prefault('5000'),
  RECONCILE_GRACE_MS: variables.durationMs.prefault('120000'),
  CALL_POLL_AFTER_MS: variables.durationMs.prefault('60000'),
  ...recordingVariables,
})

export type DialerConfig = ReturnType<typeof readDialerConfig>

/** @throws ConfigError naming every variable that is missing or malformed */
export function readDialerConfig(env: NodeJS.ProcessEnv = process.env) {
  const config = readConfig(schema, env)
  const { CREDENTIAL_OPEN_KEYS, CONTENT_KEYS, CALLBACK_KEYS } = config
  const rings = [CREDENTIAL_OPEN_KEYS, CONTENT_KEYS, CALLBACK_KEYS].map((held): HeldRing => ({
    ...held,
    file: variableFile(held.name, env),
  }))
  const publicUrl = withoutSlash(
    config.PUBLIC_URL ?? `http://${config.HOST}:${config.GATEWAY_PORT}`,
  )
  return {
    databaseUrl: config.DATABASE_URL,
    redisUrl: config.REDIS_URL,
    rings,
    credentialRing: CREDENTIAL_OPEN_KEYS.ring,
    contentRing: CONTENT_KEYS.ring,
    callbackRing: CALLBACK_KEYS.ring,
    recordings: recordingSettings(config),
    host: config.HOST,
    metricsPort: config.METRICS_PORT,
    exotel: {
      allowedHosts: config.EXOTEL_ALLOWED_HOSTS,
      allowHttp: config.EXOTEL_ALLOW_HTTP,
      requestsPerMinute: config.EXOTEL_REQUESTS_PER_MINUTE,
      globalAccount: readGlobalAccount(config, config.EXOTEL_ALLOWED_HOSTS),
    },
    settings: {
      webhookBaseUrl: withoutSlash(config.WEBHOOK_BASE_URL ?? publicUrl),
      mediaBaseUrl: publicUrl.replace(/^http/i, 'ws'),
      streamBegin: config.EXOTEL_STREAM_BEGIN,
      dialTimeoutMs: config.DIAL_TIMEOUT_MS,
      reconcileAfterMs: config.RECONCILE_AFTER_MS,
      reconcileGraceMs: config.RECONCILE_GRACE_MS,
      callPollAfterMs: config.CALL_POLL_AFTER_MS,
    },
  }
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
