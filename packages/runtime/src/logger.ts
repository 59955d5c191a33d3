import {
  destination,
  pino,
  stdTimeFunctions,
  type DestinationStream,
  type Logger as PinoLogger,
} from 'pino'
import { errorFields } from './error-fields.ts'
import type { LogLevel } from './log-level.ts'
import { scrubLine } from './scrub.ts'

export type Logger = PinoLogger

const standardError = 2

/**
 * JSON lines on standard error, written synchronously so that the last line before an exit is
 * not lost. Errors given as `err`, `error` or first argument appear as `errorFields` only.
 */
export function createLogger(o: {
  service: string
  level: LogLevel
  stream?: DestinationStream
}): Logger {
  const out = o.stream ?? destination({ dest: standardError, sync: true })
  return pino(
    {
      level: o.level,
      base: { service: o.service, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFields, error: serializeError },
      hooks: {
        logMethod(args, method) {
          const [first, ...rest] = args as unknown[]
          if (first instanceof Error) {
            // Without this the library would print the error's own message.
            const message = typeof rest[0] === 'string' ? rest : ['fault']
            method.apply(this, [errorFields(first), ...message] as unknown as typeof args)
          } else method.apply(this, args)
        },
      },
    },
    { write: (line: string) => out.write(scrubLine(line)) },
  )
}

function serializeError(value: unknown): unknown {
  return value instanceof Error ? errorFields(value) : value
}
