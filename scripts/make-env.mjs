/**
 * `node scripts/make-env.mjs [--demo] [--file <path>]`: writes .env for docker-compose.yml from .env.example, with new
 * secrets. Never replaces a file: its keys may be the only ones that open what a database holds. Plain JavaScript for
 * Node 18 and later; where that is older than Node 24, the repository's own is fetched for the derivation of keys.
 */
import { linkSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { prepare } from './bootstrap/prepare.mjs'
import { Plain, say } from './bootstrap/say.mjs'
import { demoSettings } from './compose/demo-settings.mjs'
import { fillTemplate } from './compose/fill-template.mjs'
import { generateSecrets, generateSimulatorAccount } from './compose/generate-secrets.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const runsTypeScript = 24

try {
  const { demo, file } = options()
  refuseExisting(file)
  const major = Number(process.versions.node.split('.')[0])
  const node = major >= runsTypeScript ? process.execPath : await prepare(root)
  const values = {
    ...generateSecrets(node),
    ...(demo ? { ...demoSettings, ...generateSimulatorAccount() } : {}),
  }
  const template = readFileSync(join(root, '.env.example'), 'utf8')
  writeNew(file, fillTemplate(template, values))
  say(`wrote ${file}; next: docker compose up --detach --build`)
} catch (error) {
  if (!(error instanceof Plain)) throw error
  say(error.message)
  process.exitCode = 1
}

function options() {
  const known = { demo: { type: 'boolean', default: false }, file: { type: 'string' } }
  try {
    const { values } = parseArgs({ options: known })
    return { demo: values.demo, file: values.file ? resolve(values.file) : join(root, '.env') }
  } catch {
    throw new Plain('Say node scripts/make-env.mjs, with --demo or --file <path> if you like.')
  }
}

function refuseExisting(file) {
  if (!existsSync(file)) return
  throw new Plain(
    `${file} is there already and stays as it is: without its keys nothing that is sealed can be opened again.`,
  )
}

/** The file appears whole, readable by this user alone, and never in the place of another. */
function writeNew(file, text) {
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' })
  try {
    linkSync(draft, file)
  } catch (error) {
    if (error.code === 'EEXIST') refuseExisting(file)
    throw error
  } finally {
    rmSync(draft)
  }
}
