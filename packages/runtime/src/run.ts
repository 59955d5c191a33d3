import { AppError } from './app-error.ts'
import { ConfigError, processSettings } from './config.ts'
import { errorFields } from './error-fields.ts'
import { createLogger, type Logger } from './logger.ts'
import { startFailure } from './start-failure.ts'
import { DRAINING, tellSupervisor } from './tell-supervisor.ts'

/** Whoever supervises us gives ten seconds for everything; a second is left for them. */
const defaultGraceMs = 9_000
const longMs = 3_600_000
/**
 * Exit code of a process that its configuration keeps from starting (EX_CONFIG of sysexits.h): to
 * start it again as it is would end the same way.
 */
export const EXIT_CONFIG = 78

/**
 * The life of a process: `start` builds it, SIGTERM or SIGINT ends it with exit code 0 after its
 * disposal. A failed start prints one log line and one plain sentence and exits 1, or
 * `EXIT_CONFIG` when a variable is to blame. A fault that
 * nobody caught prints its code, disposes what there is, and exits 1. With
 * `CALLWIRE_SUPERVISED=1` the end of standard input means that the supervisor is gone. One that
 * `drains` tells the supervisor when a signal ended it alone, so that a successor may start at once.
 */
export async function run(
  name: string,
  start: (ctx: { signal: AbortSignal; log: Logger }) => Promise<AsyncDisposable>,
  o: { graceMs?: number; drains?: boolean } = {},
): Promise<void> {
  const settings = processSettings()
  const log = createLogger({ service: name, level: settings.logLevel })
  const stop = new AbortController()
  const stopped = new Promise<void>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  let exitCode = 0

  const end = (reason: string, code: number) => {
    exitCode = Math.max(exitCode, code)
    if (stop.signal.aborted) return
    log.info({ reason }, 'stopping')
    setTimeout(() => {
      log.error({ reason }, 'stop took too long')
      process.exit(1)
    }, o.graceMs ?? defaultGraceMs).unref()
    stop.abort()
  }
  // A terminal's Ctrl-C reaches every process of the group and the supervisor then signals again,
  // so a repeated signal is no wish to skip the disposal.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (o.drains === true && !stop.signal.aborted) {
        tellSupervisor(settings.supervisorDescriptor, DRAINING)
      }
      end(signal, 0)
    })
  }
  for (const fault of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(fault, (error: unknown) => {
      log.fatal({ fault, ...errorFields(error) }, 'uncaught fault')
      end(fault, 1)
    })
  }
  if (settings.supervised) endWithStandardInput(() => end('supervisor gone', 0))

  let running: AsyncDisposable
  try {
    running = await start({ signal: stop.signal, log })
  } catch (error) {
    if (stop.signal.aborted) process.exit(exitCode)
    log.fatal(errorFields(error), 'start failed')
    process.stderr.write(`${name}: ${startFailure(error)}\n`)
    process.exit(error instanceof ConfigError ? EXIT_CONFIG : 1)
  }
  if (!stop.signal.aborted) log.info('started')
  // Only a signal ends a process, not the lack of something to do.
  setInterval(() => undefined, longMs)
  await stopped
  try {
    await running[Symbol.asyncDispose]()
  } catch (error) {
    const level = error instanceof AppError ? error.level : 'error'
    log[level](errorFields(error), 'stop failed')
    exitCode = 1
  }
  log.info('stopped')
  process.exit(exitCode)
}

function endWithStandardInput(end: () => void): void {
  process.stdin.on('end', end)
  process.stdin.on('error', end)
  process.stdin.resume()
}
