#!/usr/bin/env node
import { createProgram } from './program.ts'
import { runCli } from './run-cli.ts'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

// Whoever read our results has seen enough, as `head` has: that ends a command and is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  stop.abort()
})

const { env, stdout, stderr } = process
const program = createProgram({ env, cwd: process.cwd(), stdout, stderr, signal: stop.signal })
process.exitCode = await runCli(program, process.argv.slice(2), stderr)
