import { createLogger, type Logger, type LogLevel } from '@callwire/runtime'

export type CapturedLogs = {
  readonly log: Logger
  /** Everything logged so far, one parsed line each. */
  lines(): Record<string, unknown>[]
  /** The same as the text that would have been written: for searching it for what must not be there. */
  text(): string
}

/** A logger as services have it, at `trace` unless told otherwise, whose output stays in memory. */
export function captureLogs(o: { service?: string; level?: LogLevel } = {}): CapturedLogs {
  let text = ''
  const log = createLogger({
    service: o.service ?? 'test',
    level: o.level ?? 'trace',
    stream: {
      write(line: string) {
        text += line
      },
    },
  })
  return {
    log,
    text: () => text,
    lines: () =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  }
}
