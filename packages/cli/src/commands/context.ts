import type { Environment, Target } from '../target.ts'
import type { Output, Stream } from '../output.ts'

/** What a command is given. */
export type Context = {
  target: Target
  env: Environment
  /** Made when the command runs, once `--json` is known. */
  output: () => Output
  /** For what is shown while a command works. */
  stderr: Stream
  signal: AbortSignal
}
