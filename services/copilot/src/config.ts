import { readConfig, variables } from '@callwire/runtime'
import { z } from 'zod'

const schema = z.object({
  DATABASE_URL: variables.url,
  REDIS_URL: variables.url,
  JWT_SECRET: variables.secret,
  HOST: z.string().default('127.0.0.1'),
  COPILOT_PORT: variables.port.default(8082),
  METRICS_PORT: variables.port.default(9468),
  COPILOT_MAX_SOCKETS: variables.whole(1, 1_000_000).default(5_000),
  PUBLIC_URL: variables.url.optional(),
  ALLOWED_ORIGINS: z.string().transform(origins).optional(),
})

function origins(text: string, context: z.RefinementCtx<string>): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .flatMap((item) => {
      if (URL.canParse(item) && new URL(item).origin === item) return [item]
      context.addIssue({
        code: 'custom',
        message: 'must be a list of origins like https://app.example',
      })
      return []
    })
}

/** What the copilot is told from outside. */
export type Config = ReturnType<typeof readCopilotConfig>

/** @throws ConfigError naming the variable */
export function readCopilotConfig(env: NodeJS.ProcessEnv) {
  const values = readConfig(schema, env)
  return {
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    jwtSecret: values.JWT_SECRET,
    host: values.HOST,
    port: values.COPILOT_PORT,
    metricsPort: values.METRICS_PORT,
    maxSockets: values.COPILOT_MAX_SOCKETS,
    allowedOrigins:
      values.ALLOWED_ORIGINS ??
      (values.PUBLIC_URL === undefined ? [] : [new URL(values.PUBLIC_URL).origin]),
  }
}

export const environment = (): Config => readCopilotConfig(process.env)
