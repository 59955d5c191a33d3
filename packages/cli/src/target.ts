import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { CliFailure } from './failure.ts'

/** What the environment says; read once, in main.ts. */
export type Environment = Readonly<Record<string, string | undefined>>

const runFileSchema = z.object({
  gatewayUrl: z.string(),
  copilotUrl: z.string(),
  databaseUrl: z.string(),
  simulatorUrl: z.string().optional(),
})
type RunFile = z.infer<typeof runFileSchema>

/** Where the CLI's requests go, looked up when a command needs it. */
export type Target = {
  gatewayUrl(): string
  /** `ws://` or `wss://` origin of the consumer socket. */
  consumerUrl(): string
  apiKey(): string
  databaseUrl(): string
  simulatorUrl(): string
}

const START_IT = 'Start the system with `npm start` or `npm run demo`'

/** @param cwd - the folder whose data directories are looked into */
export function createTarget(env: Environment, cwd: string): Target {
  const set = (name: string) => (env[name] === '' ? undefined : env[name])
  const runFile = () => findRunFile(set('CALLWIRE_DATA_DIR'), cwd)
  const gatewayUrl = () => {
    const url = set('CALLWIRE_URL') ?? runFile()?.gatewayUrl
    if (url === undefined)
      throw new CliFailure(`No running system found. ${START_IT}, or set CALLWIRE_URL.`)
    if (!URL.canParse(url)) throw new CliFailure('CALLWIRE_URL is not a URL.')
    return url
  }
  return {
    gatewayUrl,
    consumerUrl: () => gatewayUrl().replace(/^http/, 'ws'),
    apiKey() {
      const key = set('CALLWIRE_API_KEY')
      if (key !== undefined) return key
      throw new CliFailure(
        'CALLWIRE_API_KEY is not set. `callwire tenant create` prints a key for a new tenant; the demo says where its own lies.',
      )
    },
    databaseUrl() {
      const url = set('DATABASE_URL') ?? runFile()?.databaseUrl
      if (url === undefined)
        throw new CliFailure(`No running system found. ${START_IT}, or set DATABASE_URL.`)
      return url
    },
    simulatorUrl() {
      const url = runFile()?.simulatorUrl
      if (url === undefined) {
        throw new CliFailure(
          'No simulator is running here. Start one with `callwire simulator start`, or name it with --url.',
        )
      }
      return url
    },
  }
}

/** The system's own file, or the demo's beside it. */
function findRunFile(dataDir: string | undefined, cwd: string): RunFile | undefined {
  const folders = dataDir === undefined ? [join(cwd, '.data'), join(cwd, '.data/demo')] : [dataDir]
  for (const folder of folders) {
    const parsed = runFileSchema.safeParse(readJson(join(folder, 'run.json')))
    if (parsed.success) return parsed.data
  }
  return undefined
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}
