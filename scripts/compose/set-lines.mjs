/**
 * `… keys derive | node scripts/compose/set-lines.mjs [file]`: gives variables of an env file (`.env`) the values that
 * come in as lines on standard input, so that keys pass through neither a terminal nor an editor. Other lines stay as
 * they are; what has no line gets one at the end. The file changes as a whole or not at all. Node 18.
 */
import { readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'

import { Plain, say } from '../bootstrap/say.mjs'
import { setLines } from './fill-template.mjs'

const file = process.argv[2] ?? '.env'
try {
  const values = given(readFileSync(0, 'utf8'))
  replace(file, setLines(present(file), values))
  say(`set ${Object.keys(values).join(', ')} in ${basename(file)}`)
} catch (error) {
  if (!(error instanceof Plain)) throw error
  say(error.message)
  process.exitCode = 1
}

function given(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const entries = lines.map((line) => /^([A-Z][A-Z0-9_]*)=(\S+)$/.exec(line.trim())?.slice(1))
  // Nothing came: the command before the pipe has failed, and has said why.
  if (lines.length === 0) throw new Plain('Nothing came on standard input; nothing is changed.')
  // What a line holds is not told: it may be a key.
  if (entries.includes(undefined)) {
    throw new Plain('Standard input must be lines NAME=value; nothing is changed.')
  }
  return Object.fromEntries(entries)
}

function present(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Plain(`${path} can't be read (${error.code}).`)
  }
}

function replace(path, text) {
  // What a link leads to is replaced, not the link.
  const target = realpathSync(path)
  const draft = `${target}.${process.pid}`
  try {
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx' })
    renameSync(draft, target)
  } catch (error) {
    rmSync(draft, { force: true })
    throw new Plain(`${path} can't be written (${error.code}); nothing is changed.`)
  }
}
