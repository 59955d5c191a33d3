import { z } from 'zod'
import { type AccountInput, AccountSchema } from './state/accounts.ts'

const port = z.coerce.number().int().min(0).max(65_535)
const level = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])

const Environment = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  SIMULATOR_PORT: port.default(8099),
  METRICS_PORT: port.optional(),
  LOG_LEVEL: level.default('info'),
  SIMULATOR_DATA_DIR: z.string().min(1).optional(),
  SIMULATOR_ACCOUNT_SID: z.string().optional(),
  SIMULATOR_API_KEY: z.string().optional(),
  SIMULATOR_API_TOKEN: z.string().optional(),
  SIMULATOR_PHONES: z.string().optional(),
  CALLWIRE_SUPERVISED: z.string().optional(),
})

export type Config = {
  host: string
  port: number
  metricsPort: number | null
  logLevel: z.output<typeof level>
  dataDir: string | null
  account: AccountInput | undefined
  supervised: boolean
}

/** Names the wrong variables, never their values. */
export class ConfigError extends Error {}

const wrong = (names: readonly PropertyKey[]): ConfigError =>
  new ConfigError(`These variables are missing or malformed: ${[...new Set(names)].join(', ')}.`)

type Environment = z.output<typeof Environment>

/** The default account, when the environment names one; all three of sid, key and token, or none. */
function accountFrom(env: Environment): AccountInput | undefined {
  const parts = {
    SIMULATOR_ACCOUNT_SID: env.SIMULATOR_ACCOUNT_SID,
    SIMULATOR_API_KEY: env.SIMULATOR_API_KEY,
    SIMULATOR_API_TOKEN: env.SIMULATOR_API_TOKEN,
  }
  const missing = Object.entries(parts).filter(([, value]) => value === undefined)
  if (missing.length === 3) return undefined
  if (missing.length > 0) throw wrong(missing.map(([name]) => name))
  const parsed = AccountSchema.safeParse({
    sid: env.SIMULATOR_ACCOUNT_SID,
    apiKey: env.SIMULATOR_API_KEY,
    apiToken: env.SIMULATOR_API_TOKEN,
    phones: env.SIMULATOR_PHONES?.split(',').map((phone) => phone.trim()),
  })
  if (parsed.success) return parsed.data
  throw wrong([
    'SIMULATOR_ACCOUNT_SID',
    'SIMULATOR_API_KEY',
    'SIMULATOR_API_TOKEN',
    'SIMULATOR_PHONES',
  ])
}

/** Reads the environment, the only place that does. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  // An empty variable is an unset one.
  const given = Object.entries(env).filter(([, value]) => value !== '')
  const parsed = Environment.safeParse(Object.fromEntries(given))
  if (!parsed.success) throw wrong(parsed.error.issues.map((issue) => issue.path[0] ?? ''))
  const { data } = parsed
  return {
    host: data.HOST,
    port: data.SIMULATOR_PORT,
    metricsPort: data.METRICS_PORT ?? null,
    logLevel: data.LOG_LEVEL,
    dataDir: data.SIMULATOR_DATA_DIR ?? null,
    account: accountFrom(data),
    supervised: data.CALLWIRE_SUPERVISED === '1',
  }
}
