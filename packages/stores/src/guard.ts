/**
 * Runs one program and makes sure that it does not outlive whoever asked for it. The asker holds the other end of this
 * process's standard input: when that end closes, for whatever reason (kill -9 included), the program is told to stop,
 * then killed. One line of JSON on standard output says what happened: `{"pid":1}`, then `{"exit":0,"signal":null}`.
 *
 * Started as `node guard.ts <GuardSpec as JSON>`; the program's own output goes to this process's standard error.
 */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, rmSync } from 'node:fs'

import type { GuardSpec } from './guard-spec.ts'

const spec = JSON.parse(process.argv[2] ?? '{}') as GuardSpec

/** Asks the kernel to pass the death of this process on, where util-linux is there to ask it. */
const setpriv = '/usr/bin/setpriv'
const bound = process.platform === 'linux' && existsSync(setpriv)

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

// Whoever listened may be gone: that must not stop the stopping.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

function cleanUp(): void {
  if (spec.after !== undefined) {
    const [command, ...args] = spec.after
    if (command !== undefined) spawn(command, args, { stdio: 'ignore', detached: true }).unref()
  }
  for (const dir of spec.removeAfter ?? []) rmSync(dir, { recursive: true, force: true })
}

function runProgram(command: string, args: readonly string[]): void {
  const input = spec.stdinFile === undefined ? null : openSync(spec.stdinFile, 'r')
  const [program, programArgs] = bound
    ? [setpriv, ['--pdeathsig', spec.stopSignal.slice(3), '--', command, ...args]]
    : [command, [...args]]
  const child = spawn(program, programArgs, {
    stdio: [input ?? 'ignore', 2, 2],
    env: spec.env,
    ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    ...(spec.uid === undefined ? {} : { uid: spec.uid }),
    ...(spec.gid === undefined ? {} : { gid: spec.gid }),
  })
  if (input !== null) closeSync(input)

  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    child.kill(spec.stopSignal)
    setTimeout(() => child.kill('SIGKILL'), spec.graceMs).unref()
  }
  const end = (exit: number | null, signal: string | null): void => {
    say({ exit, signal })
    cleanUp()
    process.exit(0)
  }

  if (child.pid !== undefined) say({ pid: child.pid })
  child.once('error', (error: NodeJS.ErrnoException) => end(null, error.code ?? 'error'))
  child.once('exit', end)
  onAskerGone(stop)
}

function onAskerGone(stop: () => void): void {
  process.stdin.on('end', stop).on('error', stop).on('close', stop).resume()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
}

if (spec.command === undefined) {
  say({ pid: process.pid })
  onAskerGone(() => {
    cleanUp()
    process.exit(0)
  })
} else {
  runProgram(spec.command, spec.args ?? [])
}
