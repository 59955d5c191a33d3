import { parseContentRing, type ContentRing } from '@callwire/crypto'
import { heldRing, type HeldRing } from '@callwire/keyring'
import { recordingSettings, recordingVariables, type RecordingSettings } from '@callwire/recordings'
import { readConfig, variableFile, variables } from '@callwire/runtime'
import { z } from 'zod'

const schema = z.object({
  DATABASE_URL: variables.url,
  REDIS_URL: variables.url,
  CONTENT_KEYS: variables.text.transform(heldRing('CONTENT_KEYS', parseContentRing)),
  ASR_PROVIDER: z.string().default(''),
  ...recordingVariables,
  HOST: z.string().default('127.0.0.1'),
  METRICS_PORT: variables.port.default(9467),
})

/** What the transcriber is told from outside. */
export type Config = {
  databaseUrl: string
  redisUrl: string
  contentRing: ContentRing
  rings: readonly HeldRing[]
  providers: readonly string[]
  /** Where the audio of calls is kept that are to be; null: nowhere. */
  recordings: RecordingSettings | null
  host: string
  metricsPort: number
}

/** @throws ConfigError naming the variable */
export function readTranscriberConfig(env: NodeJS.ProcessEnv): Config {
  const values = readConfig(schema, env)
  const held = values.CONTENT_KEYS
  return {
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    contentRing: held.ring,
    rings: [{ ...held, file: variableFile(held.name, env) }],
    providers: values.ASR_PROVIDER.split(',')
      .map((id) => id.trim())
      .filter((id) => id !== ''),
    recordings: recordingSettings(values),
    host: values.HOST,
    metricsPort: values.METRICS_PORT,
  }
}

export const environment = (): Config => readTranscriberConfig(process.env)
