import { readKeyServiceSettings, type KeyServiceSettings } from '@callwire/key-service'
import {
  AppError,
  ConfigError,
  readConfig,
  unknownVariables,
  type LogLevel,
} from '@callwire/runtime'

import { exotelFallbackProblems, fallbackVariables } from './exotel-fallback.ts'
import { masterKeyProblems, masterKeysIn, type MasterKeysSetting } from './master-keys-setting.ts'
import { missingSpeechVariables } from './speech-providers.ts'
import { launcherSchema, ownVariables, unreadVariables, type VariableName } from './variables.ts'

export type PortName = 'GATEWAY_PORT' | 'INGEST_PORT' | 'COPILOT_PORT' | 'METRICS_PORT'

export type LauncherConfig = {
  readonly dataDir: string
  readonly host: string
  /** As asked for: 0 means any free one. */
  readonly ports: Readonly<Record<PortName, number>> & {
    readonly SIMULATOR_PORT: number | undefined
  }
  readonly databaseUrl: string | undefined
  readonly redisUrl: string | undefined
  readonly masterKeys: MasterKeysSetting
  /** Null: the master ring's entries are keys as they are. */
  readonly keyService: KeyServiceSettings | null
  readonly jwtSecret: string | undefined
  readonly logLevel: LogLevel
  /** What was set, as text, for passing on to the services that read it. Secrets among them. */
  readonly given: Readonly<Partial<Record<VariableName, string>>>
  /** What services need of the machine rather than of Callwire. */
  readonly machine: Readonly<Record<string, string>>
  /** `CALLWIRE_*` variables that nothing reads. */
  readonly unknown: readonly string[]
  /** Variables that were set and that no service of this version reads. */
  readonly unread: readonly string[]
  /** Descriptor of the pipe that a parent holds open for as long as it lives. */
  readonly parentDescriptor: string | undefined
}

export type Mode = 'demo' | 'start'

/** Programs and certificates are found through these; everything else a service needs is named in its own list. */
const machineVariables = [
  'PATH',
  'HOME',
  'LANG',
  'TZ',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'NODE_OPTIONS',
]

/** Reads and checks the whole environment. @throws ConfigError naming variables, never values */
export function readLauncherConfig(
  mode: Mode,
  env: NodeJS.ProcessEnv = process.env,
): LauncherConfig {
  const values = readConfig(launcherSchema, env)
  const problems = [
    ...masterKeyProblems(values, { wrapped: values.KEY_SERVICE !== undefined }),
    ...(mode === 'start' ? missingSpeechVariables(values.ASR_PROVIDER ?? '', values) : []),
    ...(mode === 'start' ? exotelFallbackProblems(values) : []),
  ]
  if (problems.length > 0) throw new ConfigError(problems)
  const keyService = readKeyServiceSettings(env)
  const given = givenTexts(env)
  if (mode === 'demo' || values.EXOTEL_GLOBAL_FALLBACK !== true) {
    // An account that is not to be used is nobody's business; the simulator has one of its own.
    for (const name of fallbackVariables) Reflect.deleteProperty(given, name)
  }
  return {
    dataDir: values.CALLWIRE_DATA_DIR ?? (mode === 'demo' ? '.data/demo' : '.data'),
    host: values.HOST,
    ports: {
      GATEWAY_PORT: values.GATEWAY_PORT,
      INGEST_PORT: values.INGEST_PORT,
      COPILOT_PORT: values.COPILOT_PORT,
      METRICS_PORT: values.METRICS_PORT,
      SIMULATOR_PORT: values.SIMULATOR_PORT,
    },
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    masterKeys: masterKeysIn(env),
    keyService,
    jwtSecret: values.JWT_SECRET,
    logLevel: values.LOG_LEVEL,
    given,
    machine: pick(env, machineVariables),
    unknown: unknownVariables(env, ownVariables),
    unread: unreadVariables.filter((name) => given[name] !== undefined),
    parentDescriptor: env['CALLWIRE_PARENT_FD'],
  }
}

/** The texts behind the parsed values, `<NAME>_FILE` resolved: services parse them again for themselves. */
function givenTexts(env: NodeJS.ProcessEnv): Partial<Record<VariableName, string>> {
  const given: Partial<Record<VariableName, string>> = {}
  for (const name of Object.keys(launcherSchema.shape) as VariableName[]) {
    const text = textOf(name, env)
    if (text !== undefined) given[name] = text
  }
  return given
}

function textOf(name: VariableName, env: NodeJS.ProcessEnv): string | undefined {
  const one = launcherSchema.pick({ [name]: true } as Record<typeof name, true>)
  const raw = env[name]
  if (raw !== undefined && raw !== '') return raw
  if ((env[`${name}_FILE`] ?? '') === '') return undefined
  const value: unknown = Object.values(readConfig(one, env))[0]
  if (typeof value === 'string') return value
  // Only texts come from files: a port in a file is nobody's secret.
  throw new AppError({ code: 'config_invalid', message: `${name} cannot come from a file.` })
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const name of names) {
    const value = env[name]
    if (value !== undefined) picked[name] = value
  }
  return picked
}
