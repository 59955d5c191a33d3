import { parseContentRing, parseMacRing, parseSealRing } from '@callwire/crypto'
import { heldRing, type HeldRing } from '@callwire/keyring'
import { recordingSettings, recordingVariables } from '@callwire/recordings'
import { readConfig, variableFile, variables } from '@callwire/runtime'
import { z } from 'zod'
import type { Address } from './splice/create-splice.ts'

const mostRequestsPerMinute = 1_000_000

const schema = z.object({
  DATABASE_URL: variables.url,
  REDIS_URL: variables.url,
  HOST: variables.text.default('127.0.0.1'),
  GATEWAY_PORT: variables.port.prefault('8080'),
  METRICS_PORT: variables.port.prefault('9464'),
  INGEST_URL: variables.url.transform(address('INGEST_URL')).prefault('http://127.0.0.1:8081'),
  COPILOT_URL: variables.url.transform(address('COPILOT_URL')).prefault('http://127.0.0.1:8082'),
  SERVICE_HEALTH_URLS: variables.text.transform(healthUrls).default([]),
  CREDENTIAL_SEAL_KEYS: variables.text.transform(heldRing('CREDENTIAL_SEAL_KEYS', parseSealRing)),
  WEBHOOK_SEAL_KEYS: variables.text.transform(heldRing('WEBHOOK_SEAL_KEYS', parseSealRing)),
  CONTENT_KEYS: variables.text.transform(heldRing('CONTENT_KEYS', parseContentRing)),
  CALLBACK_KEYS: variables.text.transform(heldRing('CALLBACK_KEYS', parseMacRing)),
  EDGE_KEYS: variables.text.transform(heldRing('EDGE_KEYS', parseMacRing)),
  JWT_SECRET: variables.text,
  PUBLIC_URL: variables.url.optional(),
  ALLOWED_ORIGINS: variables.text.transform(origins).optional(),
  TRUSTED_PROXIES: variables.cidrList.prefault(''),
  EXOTEL_ALLOWED_HOSTS: variables.hostList.prefault('api.exotel.com,api.in.exotel.com'),
  // As the courier reads it: a host without its port would open every door of it.
  WEBHOOK_ALLOWED_HOSTS: variables.hostList
    .refine((hosts) => hosts.every((host) => /:\d+$/.test(host)), 'needs host:port for each host')
    .prefault(''),
  EXOTEL_GLOBAL_FALLBACK: variables.booleanFlag.prefault('false'),
  API_RATE_PER_MINUTE: variables.whole(0, mostRequestsPerMinute).prefault('1200'),
  DRAIN_GRACE_MS: variables.durationMs.prefault('60000'),
  ...recordingVariables,
  CALLWIRE_SUPERVISED: z.enum(['0', '1']).default('0'),
})

export type GatewayConfig = ReturnType<typeof readGatewayConfig>

/** A key that signs sessions should be as long as the hash it feeds (RFC 7518 §3.2). */
const goodSecretLength = 32

/**
 * A supervisor ends the whole system within 10 s, so live sockets get less than that; a gateway of
 * its own may let them run as long as their services do.
 */
const supervisedGraceMs = 5_000

/** @throws ConfigError naming every variable that is missing or malformed */
export function readGatewayConfig(env: NodeJS.ProcessEnv = process.env) {
  const config = readConfig(schema, env)
  const publicUrl = config.PUBLIC_URL ?? `http://${config.HOST}:${config.GATEWAY_PORT}`
  const supervised = config.CALLWIRE_SUPERVISED === '1'
  const { CREDENTIAL_SEAL_KEYS, WEBHOOK_SEAL_KEYS, CONTENT_KEYS, CALLBACK_KEYS, EDGE_KEYS } = config
  const rings = [
    CREDENTIAL_SEAL_KEYS,
    WEBHOOK_SEAL_KEYS,
    CONTENT_KEYS,
    CALLBACK_KEYS,
    EDGE_KEYS,
  ].map((held): HeldRing => ({ ...held, file: variableFile(held.name, env) }))
  return {
    databaseUrl: config.DATABASE_URL,
    redisUrl: config.REDIS_URL,
    host: config.HOST,
    port: config.GATEWAY_PORT,
    metricsPort: config.METRICS_PORT,
    upstreams: { ingest: config.INGEST_URL, copilot: config.COPILOT_URL },
    healthUrls: config.SERVICE_HEALTH_URLS,
    rings,
    credentialRing: CREDENTIAL_SEAL_KEYS.ring,
    webhookRing: WEBHOOK_SEAL_KEYS.ring,
    contentRing: CONTENT_KEYS.ring,
    callbackKeys: CALLBACK_KEYS.ring,
    edgeKeys: EDGE_KEYS.ring,
    jwtSecret: config.JWT_SECRET,
    weakJwtSecret: config.JWT_SECRET.length < goodSecretLength,
    publicUrl,
    allowedOrigins: config.ALLOWED_ORIGINS ?? [new URL(publicUrl).origin],
    trustedProxies: config.TRUSTED_PROXIES,
    allowedHosts: config.EXOTEL_ALLOWED_HOSTS,
    webhookHosts: config.WEBHOOK_ALLOWED_HOSTS,
    globalFallback: config.EXOTEL_GLOBAL_FALLBACK,
    ratePerMinute: config.API_RATE_PER_MINUTE,
    recordings: recordingSettings(config),
    drainGraceMs: supervised
      ? Math.min(config.DRAIN_GRACE_MS, supervisedGraceMs)
      : config.DRAIN_GRACE_MS,
  }
}

function address(name: string) {
  return (text: string, context: z.RefinementCtx<string>): Address => {
    const { protocol, hostname, port } = new URL(text)
    if (protocol !== 'http:') {
      context.addIssue({
        code: 'custom',
        message: `must be an http: address, as ${name} is inside`,
      })
      return z.NEVER
    }
    // An IPv6 host is bracketed in a URL and nowhere else.
    return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 80 : Number(port) }
  }
}

function healthUrls(
  text: string,
  context: z.RefinementCtx<string>,
): { name: string; url: string }[] {
  return text.split(',').flatMap((item) => {
    const [, name, url] = /^\s*([a-z][a-z0-9-]{0,31})=(\S+)\s*$/.exec(item) ?? []
    if (name !== undefined && url !== undefined && URL.canParse(url)) return [{ name, url }]
    context.addIssue({ code: 'custom', message: 'must be a list of name=url' })
    return []
  })
}

function origins(text: string, context: z.RefinementCtx<string>): string[] {
  return text.split(',').flatMap((item) => {
    const origin = item.trim()
    if (URL.canParse(origin) && new URL(origin).origin === origin) return [origin]
    context.addIssue({
      code: 'custom',
      message: 'must be a list of origins like https://app.example',
    })
    return []
  })
}
