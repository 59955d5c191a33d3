import { join } from 'node:path'

import {
  AppError,
  ConfigError,
  errorFields,
  type Clock,
  type Logger,
  type LogLevel,
} from '@callwire/runtime'
import { watchParent } from '@callwire/stores'

import { readLauncherConfig, type LauncherConfig, type Mode } from './config.ts'
import { createConsole, type Console } from './console.ts'
import { takeDataDir, type DataDir } from './data-dir.ts'
import { interruptedCode, runMode } from './modes.ts'

type Stream = {
  write(text: string): unknown
  on(event: 'error', listener: () => void): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

export type LaunchOptions = {
  readonly mode: string | undefined
  readonly flags: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly stdout: Stream
  readonly stderr: Stream
  /** Writes to `file` where one is given, else to standard error. */
  readonly createLog: (level: LogLevel, file?: string) => Logger
}

/** A signal ends everything within 10 s; this is the last resort just before. */
const stopBoundMs = 9_500

/** What the modes run with. */
export type LaunchContext = {
  readonly config: LauncherConfig
  readonly dataDir: DataDir
  readonly console: Console
  readonly log: Logger
  readonly clock: Clock
  readonly stdout: Stream
  readonly signal: AbortSignal
  readonly once: boolean
}

/** Runs the whole system until it is told to stop. Gives the exit code; never rejects. */
export async function launch(o: LaunchOptions): Promise<number> {
  // Whoever read our output may be gone: that is no reason to fail while stopping.
  for (const stream of [o.stdout, o.stderr]) stream.on('error', () => undefined)
  const tell = (sentence: string): void => void o.stderr.write(`callwire: ${sentence}\n`)
  const stop = new AbortController()
  listenForTheEnd(o, stop)
  try {
    const mode = modeOf(o)
    const config = readLauncherConfig(mode, o.env)
    const dataDir = await takeDataDir(config.dataDir)
    try {
      // A person's terminal shows the call and not the log.
      const forPerson = o.stdout.isTTY === true
      const log = o.createLog(
        config.logLevel,
        forPerson ? join(dataDir.logs, 'launcher.log') : undefined,
      )
      for (const name of config.unknown) {
        log.warn({ variable: name }, 'unknown variable')
        if (forPerson) tell(`${name} is set, and nothing reads it.`)
      }
      for (const name of config.unread) {
        log.warn({ variable: name }, 'variable has no effect in this version')
        if (forPerson) tell(`${name} is set, and has no effect in this version.`)
      }
      const console = createConsole({ stdout: o.stdout, stderr: o.stderr, log })
      const { clock, stdout } = o
      const once = o.flags.includes('--once')
      const context = { config, dataDir, console, log, clock, stdout, signal: stop.signal, once }
      return await runMode(mode, context)
    } finally {
      await dataDir.release()
    }
  } catch (error) {
    if (stop.signal.aborted) return interruptedCode
    if (o.stdout.isTTY !== true) o.createLog('info').fatal(errorFields(error), 'launch failed')
    tell(sentenceFor(error))
    return 1
  }
}

function modeOf(o: LaunchOptions): Mode {
  const stray = o.flags.find((flag) => flag !== '--once')
  if (o.mode !== 'demo' && o.mode !== 'start') {
    throw new ConfigError([{ name: '', sentence: 'Say demo or start.' }])
  }
  if (stray !== undefined || (o.mode === 'start' && o.flags.length > 0)) {
    const known = o.mode === 'demo' ? 'only --once' : 'no options'
    throw new ConfigError([{ name: '', sentence: `${o.mode} takes ${known}.` }])
  }
  return o.mode
}

function listenForTheEnd(o: LaunchOptions, stop: AbortController): void {
  const end = (): void => {
    if (stop.signal.aborted) return
    stop.abort()
    // Whatever still runs then ends with us: every process watches for that.
    setTimeout(() => process.exit(1), stopBoundMs).unref()
  }
  // A terminal, npm and the bootstrap may all pass the same signal on: one is enough.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  watchParent(o.env['CALLWIRE_PARENT_FD'], end)
}

function sentenceFor(error: unknown): string {
  if (error instanceof AppError) return error.message
  const { code, errorName, at } = errorFields(error)
  const place = at === undefined ? '' : ` at ${at}`
  return `Could not start: ${errorName} (${code})${place}.`
}
