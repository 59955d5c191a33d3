/** What a guard is asked to run. Travels on its command line, so it never holds a secret. */
export type GuardSpec = {
  /** Program to run; without one the guard only waits for its asker to go and then cleans up. */
  readonly command?: string
  readonly args?: readonly string[]
  readonly env?: Record<string, string>
  readonly cwd?: string
  readonly uid?: number
  readonly gid?: number
  /** File the program reads as its standard input. */
  readonly stdinFile?: string
  readonly stopSignal: 'SIGTERM' | 'SIGINT' | 'SIGQUIT'
  /** How long the program may take after `stopSignal` before it is killed. */
  readonly graceMs: number
  /** Directories to delete once the program has ended. */
  readonly removeAfter?: readonly string[]
  /** A command to run once the program has ended. */
  readonly after?: readonly string[]
}
