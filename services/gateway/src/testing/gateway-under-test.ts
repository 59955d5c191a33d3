import { randomBytes } from 'node:crypto'
import { createTenant, type NewTenant } from '@callwire/accounts'
import { deriveServiceKeys, parseMasterRing, type ServiceKeys } from '@callwire/crypto'
import { connectProvisioner } from '@callwire/db'
import { systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs, testDatabase, testRedis, type OwnRedis } from '@callwire/testkit'
import type { HTTPMethods, InjectOptions } from 'fastify'
import { readGatewayConfig } from '../config.ts'
import { startGateway, type Gateway } from '../start-gateway.ts'

export type Answer = {
  status: number
  headers: Record<string, string | string[] | number | undefined>
  text: string
  /** The parsed body; null when there is none or it is not JSON. */
  json: unknown
}

export type GatewayUnderTest = AsyncDisposable & {
  gateway: Gateway
  origin: string
  keys: ServiceKeys
  redis: OwnRedis
  logs: { text(): string }
  tenant: NewTenant
  stranger: NewTenant
  /** The migrator's URL, to look at rows past the fence. */
  databaseUrl: string
  provision(name: string): Promise<NewTenant>
  send(o: {
    method: HTTPMethods
    url: string
    token?: string
    body?: unknown
    headers?: Record<string, string>
    payload?: string | Buffer
  }): Promise<Answer>
}

export const jwtSecret = 'a secret that is only used in these tests'

/** A gateway on real stores with two tenants, as a process would start it but for the process. */
export async function gatewayUnderTest(
  o: {
    env?: Record<string, string>
    /** Rings of a master key of the test's own. */
    keys?: ServiceKeys
    /** Puts something between the gateway and its database. */
    viaDatabase?: (url: string) => Promise<string>
  } = {},
): Promise<GatewayUnderTest> {
  await using opened = new AsyncDisposableStack()
  const database = opened.use(await testDatabase())
  const redis = opened.use(await testRedis({ own: true }))
  const ownUrl = database.serviceUrl('gateway')
  const databaseUrl = (await o.viaDatabase?.(ownUrl)) ?? ownUrl
  const keys = o.keys ?? serviceKeys(masterKey('k1'))
  const logs = captureLogs({ service: 'gateway' })
  const gateway = opened.use(
    await startGateway(
      readGatewayConfig({
        DATABASE_URL: databaseUrl,
        REDIS_URL: redis.url,
        GATEWAY_PORT: '0',
        METRICS_PORT: '0',
        JWT_SECRET: jwtSecret,
        EXOTEL_ALLOWED_HOSTS: 'api.exotel.com,127.0.0.1:8099',
        API_RATE_PER_MINUTE: '0',
        PUBLIC_URL: 'https://calls.example',
        DRAIN_GRACE_MS: '200',
        ...keys,
        ...o.env,
      }),
      { log: logs.log, signal: new AbortController().signal },
    ),
  )
  const provisioner = connectProvisioner({ url: database.url })
  opened.defer(() => provisioner.close())
  const provision = (name: string) =>
    createTenant(
      { provisioner, clock: systemClock, random: systemRandom },
      { name, email: `${name}@example.com` },
    )
  const tenant = await provision('tenant')
  const stranger = await provision('stranger')
  const kept = opened.move()
  return {
    gateway,
    origin: `http://127.0.0.1:${gateway.port}`,
    keys,
    redis,
    logs,
    tenant,
    stranger,
    databaseUrl: database.url,
    provision,
    send: async ({ method, url, token, body, headers, payload }) => {
      const options: InjectOptions = {
        method,
        url,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
        ...(payload === undefined ? {} : { payload }),
      }
      const response = await gateway.app.inject(options)
      return {
        status: response.statusCode,
        headers: response.headers,
        text: response.body,
        json: parse(response.body),
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** A session's token: the tenant's first user's, unless somebody else signs in. */
export async function signIn(
  { send, tenant }: Pick<GatewayUnderTest, 'send' | 'tenant'>,
  { email, password }: { email: string; password: string } = tenant,
): Promise<string> {
  const body = { email, password }
  return textAt(await send({ method: 'POST', url: '/api/v1/auth/login', body }), 'accessToken')
}

/** An entry of ENCRYPTION_KEYS. */
export function masterKey(kid: string): string {
  return `${kid}:${randomBytes(32).toString('base64')}`
}

/** What each service would get of these entries. */
export function serviceKeys(...entries: string[]): ServiceKeys {
  return deriveServiceKeys(parseMasterRing(entries.join(',')))
}

/** The text at a dotted path of an answer's `data`, such as `phone.id`; fails the test when absent. */
export function textAt(answer: Answer, path: string): string {
  let value: unknown = answer.json
  for (const key of ['data', ...path.split('.')]) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  }
  if (typeof value !== 'string') {
    throw new Error(`no text at ${path} of ${answer.status} ${answer.text}`)
  }
  return value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
