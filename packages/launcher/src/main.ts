import { appendFileSync } from 'node:fs'

import { createLogger, systemClock } from '@callwire/runtime'

import { launch } from './launch.ts'

/** `node main.ts demo|start [--once]`: see the repository's README for what the two commands do. */
const [mode, ...flags] = process.argv.slice(2)
process.exitCode = await launch({
  mode,
  flags,
  env: process.env,
  clock: systemClock,
  stdout: process.stdout,
  stderr: process.stderr,
  createLog: (level, file) =>
    createLogger({
      service: 'launcher',
      level,
      ...(file === undefined
        ? {}
        : { stream: { write: (line: string) => appendFileSync(file, line, { mode: 0o600 }) } }),
    }),
})
process.exit()
