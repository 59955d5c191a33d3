import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { clearInterval, setInterval } from 'node:timers'

import { Plain, say } from './say.mjs'

const tellEveryMs = 5_000
const networkTrouble =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|META_FETCH_FAIL|network request/

/** Runs one long program, saying every few seconds how long it has been at it. Throws Plain when it fails. */
export async function step({ title, command, args, cwd, env, logFile }) {
  const startedAt = Date.now()
  const seconds = () => Math.round((Date.now() - startedAt) / 1000)
  say(`${title} …`)
  let output = ''
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text))
  }
  const ticker = setInterval(() => say(`${title} … ${seconds()} s${latest(output)}`), tellEveryMs)
  const stop = (signal) => child.kill(signal)
  process.on('SIGINT', stop).on('SIGTERM', stop)
  const { code, signal, error } = await new Promise((resolve) => {
    child.once('error', (cause) => resolve({ error: cause }))
    child.once('close', (exit, by) => resolve({ code: exit, signal: by }))
  })
  clearInterval(ticker)
  process.off('SIGINT', stop).off('SIGTERM', stop)

  if (error?.code === 'ENOENT') {
    throw new Plain(
      `${command} was not found: install Node 18 or later with npm, and run this again.`,
    )
  }
  if (signal === 'SIGINT' || signal === 'SIGTERM') throw new Plain(`${title}: stopped.`)
  if (code !== 0) {
    mkdirSync(dirname(logFile), { recursive: true })
    writeFileSync(logFile, output)
    throw new Plain(
      networkTrouble.test(output)
        ? `${title} failed: the npm registry cannot be reached (see ${logFile}); check the network, or npm's registry and proxy settings.`
        : `${title} failed: ${lastWords(output)} (see ${logFile}).`,
    )
  }
  say(`${title}: done in ${seconds()} s`)
}

/** pnpm's own count of packages, when it has given one. */
function latest(output) {
  const found = output.match(/Progress: [^\n]*/g)
  return found === null ? '' : ` (${found[found.length - 1].replace(/^Progress: /, '').trim()})`
}

function lastWords(output) {
  const lines = output.split('\n').map((line) => line.trim())
  const errors = lines.filter((line) => /err/i.test(line) && !/log of this run/i.test(line))
  return (errors[0] ?? lines.filter(Boolean).pop() ?? 'no reason given').slice(0, 300)
}
