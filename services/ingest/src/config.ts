import { parseContentRing, parseMacRing } from '@callwire/crypto'
import { heldRing, type HeldRing } from '@callwire/keyring'
import { readConfig, unknownVariables, variableFile, variables } from '@callwire/runtime'
import { z } from 'zod'

/** Longest drain a setting may ask for: Exotel's own cap on a call is four hours. */
const longestDrainMs = 4 * 3_600_000

const defaultDrainGraceMs = 60_000

const schema = z
  .object({
    DATABASE_URL: variables.url,
    REDIS_URL: variables.url,
    CONTENT_KEYS: variables.text.transform(heldRing('CONTENT_KEYS', parseContentRing)),
    EDGE_KEYS: variables.text.transform(heldRing('EDGE_KEYS', parseMacRing)),
    JWT_SECRET: variables.secret,
    HOST: variables.text.default('127.0.0.1'),
    INGEST_PORT: variables.port.default(8081),
    GATEWAY_PORT: variables.port.default(8080),
    METRICS_PORT: variables.port.default(9465),
    PUBLIC_URL: variables.url
      .refine((text) => /^https?:\/\//i.test(text), 'must be an http or https URL')
      .optional(),
    DRAIN_GRACE_MS: variables.whole(0, longestDrainMs).default(defaultDrainGraceMs),
    SUPPORT_EXOTEL: variables.booleanFlag.default(false),
    INGEST_ALLOWED_IPS: variables.cidrList.default([]),
    TRUSTED_PROXIES: variables.cidrList.default([]),
    LOG_LEVEL: variables.logLevel.default('info'),
  })
  .transform((c) => ({
    databaseUrl: c.DATABASE_URL,
    redisUrl: c.REDIS_URL,
    held: [c.CONTENT_KEYS, c.EDGE_KEYS],
    contentRing: c.CONTENT_KEYS.ring,
    edgeRing: c.EDGE_KEYS.ring,
    jwtSecret: c.JWT_SECRET,
    host: c.HOST,
    port: c.INGEST_PORT,
    metricsPort: c.METRICS_PORT,
    publicUrl: c.PUBLIC_URL ?? `http://${c.HOST}:${c.GATEWAY_PORT}`,
    drainGraceMs: c.DRAIN_GRACE_MS,
    allowListAlone: c.SUPPORT_EXOTEL,
    allowedIps: c.INGEST_ALLOWED_IPS,
    trustedProxies: c.TRUSTED_PROXIES,
    logLevel: c.LOG_LEVEL,
  }))

export type Config = Omit<z.output<typeof schema>, 'held'> & { rings: readonly HeldRing[] }

/** Reads the environment. @throws ConfigError naming each variable that is missing or malformed */
export function readIngestConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const { held, ...config } = readConfig(schema, env)
  return {
    ...config,
    rings: held.map((ring) => ({ ...ring, file: variableFile(ring.name, env) })),
  }
}

/** `CALLWIRE_*` variables that nothing reads. */
export function strayVariables(env: NodeJS.ProcessEnv = process.env): string[] {
  return unknownVariables(env, [
    'CALLWIRE_SUPERVISED',
    'CALLWIRE_SUPERVISOR_FD',
    'CALLWIRE_DATA_DIR',
    'CALLWIRE_PARENT_FD',
  ])
}

/** Whether a supervisor holds our standard input. */
export function isSupervised(env: NodeJS.ProcessEnv = process.env): boolean {
  return env['CALLWIRE_SUPERVISED'] === '1'
}

/** How long a stop may take in all; needed before the configuration is known to be good. */
export function drainGraceOf(env: NodeJS.ProcessEnv = process.env): number {
  const text = env['DRAIN_GRACE_MS'] ?? ''
  return /^\d{1,9}$/.test(text) ? Math.min(Number(text), longestDrainMs) : defaultDrainGraceMs
}
