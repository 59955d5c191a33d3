import type { ServiceKeys } from '@callwire/crypto'

import { awsVariables } from '@callwire/recordings'

import type { LauncherConfig } from './config.ts'
import { loopback, reachable, type Places } from './places.ts'
import { serviceNeeds, type Service } from './services.ts'

export type EnvironmentInput = {
  readonly config: Pick<LauncherConfig, 'given' | 'machine' | 'logLevel'>
  readonly places: Places
  /** The file of one of a service's rings. */
  readonly ringFile: (service: Service, name: keyof ServiceKeys) => string
  readonly jwtSecret: string
  readonly redisUrl: string
  /** The URL with a service's own login. */
  readonly databaseUrlOf: (service: string) => string
  /** What the mode sets over what a person did: the demo's provider and Exotel hosts. */
  readonly overrides: Readonly<Partial<Record<string, string>>>
  /** Only for the simulator. */
  readonly simulator: Readonly<Record<string, string>>
}

/** Services whose health the gateway answers for, besides its own. */
const others = ['ingest', 'dialer', 'transcriber', 'copilot', 'courier'] as const

/** Services that are spoken to from outside; of the others nothing listens but metrics and tools. */
const listensOutside: ReadonlySet<Service> = new Set<Service>(['gateway', 'ingest', 'copilot'])

/** The whole environment of one service: what it needs, and nothing of what the others have. */
export function serviceEnvironment(
  service: Service,
  input: EnvironmentInput,
): Record<string, string> {
  const { config, places, overrides } = input
  const needs = serviceNeeds[service]
  const env: Record<string, string> = {
    ...config.machine,
    CALLWIRE_SUPERVISED: '1',
    LOG_LEVEL: config.logLevel,
    HOST: listensOutside.has(service) ? places.host : loopback,
    METRICS_PORT: String(places.metrics[service]),
  }
  if (needs.database !== null) {
    env['DATABASE_URL'] = input.databaseUrlOf(needs.database)
    env['REDIS_URL'] = input.redisUrl
    const nodes = config.given.REDIS_CLUSTER_NODES
    if (nodes !== undefined) env['REDIS_CLUSTER_NODES'] = nodes
    Object.assign(env, portsOf(places))
  }
  for (const name of needs.variables) {
    const value = overrides[name] ?? config.given[name]
    if (value !== undefined) env[name] = value
  }
  // An account of AWS is for those who speak to S3, and not for those who might.
  if (env['RECORDINGS_URL']?.startsWith('s3:') === true) {
    for (const name of awsVariables) {
      const value = config.given[name]
      if (value !== undefined) env[name] = value
    }
  }
  for (const name of needs.keys) env[`${name}_FILE`] = input.ringFile(service, name)
  if (needs.jwtSecret) env['JWT_SECRET'] = input.jwtSecret
  if (service === 'gateway') Object.assign(env, upstreamsOf(places))
  if (service === 'exotel-simulator') Object.assign(env, input.simulator)
  return env
}

function portsOf(places: Places): Record<string, string> {
  return {
    GATEWAY_PORT: String(places.gateway),
    INGEST_PORT: String(places.ingest),
    COPILOT_PORT: String(places.copilot),
  }
}

function upstreamsOf(places: Places): Record<string, string> {
  const host = reachable(places.host)
  return {
    INGEST_URL: `http://${host}:${places.ingest}`,
    COPILOT_URL: `http://${host}:${places.copilot}`,
    SERVICE_HEALTH_URLS: others
      .map((name) => `${name}=http://${loopback}:${places.metrics[name]}`)
      .join(','),
  }
}
