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
  keysFile: z.string().nullish(),
})
type RunFile = z.infer<typeof runFileSchema>

/** Where the CLI's requests go, looked up when a command needs it. */
export type Target = {
  gatewayUrl(): string
  /** `ws://` or `wss://` origin of the consumer socket. */
  consumerUrl(): string
  apiKey(): string
  databaseUrl(): string
  /** The file that the install's ENCRYPTION_KEYS come from; null when none is known here. */
  keysFile(): string | null
  simulatorUrl(): string
}

const START_IT = 'Start the system with `npm start` or `npm run demo`'

/** @param cwd - the folder whose data directories are looked into */
export function createTarget(env: Environment, cwd: string): Target {
  const set = (name: string) => (env[name] === '' ? undefined : env[name])
  const found = () => findRunFile(set('CALLWIRE_DATA_DIR'), cwd)
  const runFile = () => found()?.runFile
  const demoKey = () => demoKeyIn(found()?.folder)
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
      const key =
        set('CALLWIRE_API_KEY') ?? (set('CALLWIRE_URL') === undefined ? demoKey() : undefined)
      if (key !== undefined) return key
      throw new CliFailure(
        'CALLWIRE_API_KEY is not set. `callwire tenant create` prints a key for a new tenant; the demo’s is found by itself.',
      )
    },
    databaseUrl() {
      const url = set('DATABASE_URL') ?? runFile()?.databaseUrl
      if (url === undefined)
        throw new CliFailure(`No running system found. ${START_IT}, or set DATABASE_URL.`)
      return url
    },
    keysFile() {
      const named = set('ENCRYPTION_KEYS_FILE') ?? set('ENCRYPTION_KEY_FILE')
      if (named !== undefined) return named
      // The run file speaks of its own install, not of whichever DATABASE_URL names.
      const run = runFile()
      return run?.databaseUrl === (set('DATABASE_URL') ?? run?.databaseUrl)
        ? (run?.keysFile ?? null)
        : null
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
function findRunFile(
  dataDir: string | undefined,
  cwd: string,
): { runFile: RunFile; folder: string } | undefined {
  const folders = dataDir === undefined ? [join(cwd, '.data'), join(cwd, '.data/demo')] : [dataDir]
  for (const folder of folders) {
    const parsed = runFileSchema.safeParse(readJson(join(folder, 'run.json')))
    if (parsed.success) return { runFile: parsed.data, folder }
  }
  return undefined
}

const demoTenantSchema = z.object({ apiKey: z.string() })

/** The demo keeps the key of its tenant beside its run file, so that the commands it suggests just work. */
function demoKeyIn(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined
  return demoTenantSchema.safeParse(readJson(join(folder, 'demo-tenant.json'))).data?.apiKey
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}
