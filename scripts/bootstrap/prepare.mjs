import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'

import { withLock } from './lock.mjs'
import { step } from './step.mjs'
import { neededTools } from './tools.mjs'

/** Makes sure that Node 24, pnpm and the locked dependencies are there; gives the path of the Node to use. */
export async function prepare(root) {
  if (!isReady(root)) {
    await withLock(join(root, '.tools', 'lock'), async () => {
      // Another run may have done all of it while this one waited.
      if (neededTools(root).missing.length > 0) await installTools(root)
      if (!dependenciesAreReady(root)) await installDependencies(root)
    })
  }
  return neededTools(root).node
}

function isReady(root) {
  return neededTools(root).missing.length === 0 && dependenciesAreReady(root)
}

async function installTools(root) {
  const { dir, packages } = neededTools(root)
  mkdirSync(dir, { recursive: true })
  const dependencies = Object.fromEntries(packages.map(({ name, version }) => [name, version]))
  const manifest = JSON.stringify({ private: true, dependencies }, null, 2)
  writeFileSync(join(dir, 'package.json'), `${manifest}\n`)
  const [command, first] = npm()
  await step({
    title: `fetching ${packages.map(({ name, version }) => `${name} ${version}`).join(' and ')}`,
    command,
    args: [
      ...first,
      ...['install', '--prefix', dir, '--ignore-scripts', '--no-audit', '--no-fund'],
      ...['--no-package-lock', '--loglevel=error', '--fetch-retry-mintimeout=1000'],
    ],
    cwd: dir,
    env: process.env,
    logFile: join(dir, 'install.log'),
  })
}

/** The npm that runs us, else the one on the PATH. */
function npm() {
  const running = process.env.npm_execpath ?? ''
  return basename(running) === 'npm-cli.js' ? [process.execPath, [running]] : ['npm', []]
}

const stampOf = (root) => join(root, 'node_modules', '.callwire-installed')

function dependenciesAreReady(root) {
  return existsSync(stampOf(root)) && readFileSync(stampOf(root), 'utf8') === fingerprint(root)
}

/** What the installed dependencies follow from. */
function fingerprint(root) {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}\n`)
  for (const name of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc']) {
    hash.update(readFileSync(join(root, name)))
  }
  return hash.digest('hex')
}

async function installDependencies(root) {
  const { dir, node, pnpm } = neededTools(root)
  const before = fingerprint(root)
  await step({
    title: 'installing dependencies',
    command: node,
    args: [
      ...[pnpm, 'install', '--frozen-lockfile', '--reporter=append-only'],
      // Nobody is there to answer when it asks whether to replace an older node_modules.
      ...['--config.confirmModulesPurge=false', '--fetch-retry-mintimeout=1000'],
    ],
    cwd: root,
    env: { ...process.env, PATH: [dirname(node), process.env.PATH ?? ''].join(delimiter) },
    logFile: join(dir, 'install.log'),
  })
  writeFileSync(stampOf(root), before)
}
