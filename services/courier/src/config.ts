import { parseOpenRing } from '@callwire/crypto'
import { heldRing, type HeldRing } from '@callwire/keyring'
import { readConfig, variableFile, variables } from '@callwire/runtime'
import { z } from 'zod'

const ring = 'WEBHOOK_OPEN_KEYS'

const schema = z.object({
  DATABASE_URL: variables.url,
  REDIS_URL: variables.url,
  WEBHOOK_OPEN_KEYS: variables.text.transform(heldRing(ring, parseOpenRing)),
  // A host without its port would open every door of it.
  WEBHOOK_ALLOWED_HOSTS: variables.hostList
    .refine((hosts) => hosts.every((host) => /:\d+$/.test(host)), 'needs host:port for each host')
    .prefault(''),
  HOST: variables.text.default('127.0.0.1'),
  METRICS_PORT: variables.port.prefault('9469'),
})

export type CourierConfig = ReturnType<typeof readCourierConfig>

/** @throws ConfigError naming every variable that is missing or malformed */
export function readCourierConfig(env: NodeJS.ProcessEnv = process.env) {
  const config = readConfig(schema, env)
  const held: HeldRing = { ...config.WEBHOOK_OPEN_KEYS, file: variableFile(ring, env) }
  return {
    databaseUrl: config.DATABASE_URL,
    redisUrl: config.REDIS_URL,
    rings: [held],
    webhookRing: config.WEBHOOK_OPEN_KEYS.ring,
    allowedHosts: config.WEBHOOK_ALLOWED_HOSTS,
    host: config.HOST,
    metricsPort: config.METRICS_PORT,
  }
}
