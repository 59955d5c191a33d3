import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { Plain } from './say.mjs'

/** The Node that runs everything where the machine's own is older. */
export const nodeVersion = '24.21.0'
const nodeFloor = 24

/** The packages that `.tools/` must hold on this machine, as name and version; and where their programs then are. */
export function neededTools(root) {
  const tools = join(root, '.tools')
  const modules = join(tools, 'node_modules')
  const own = Number(process.versions.node.split('.')[0]) >= nodeFloor
  const packages = [{ name: 'pnpm', version: pnpmVersion(root) }]
  if (!own) packages.push({ name: nodePackage(), version: nodeVersion })
  return {
    dir: tools,
    packages,
    node: own ? process.execPath : join(modules, nodePackage(), 'bin', 'node'),
    pnpm: join(modules, 'pnpm', 'bin', 'pnpm.cjs'),
    missing: packages.filter(({ name, version }) => installedVersion(modules, name) !== version),
  }
}

function installedVersion(modules, name) {
  try {
    return JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')).version
  } catch {
    return null
  }
}

function pnpmVersion(root) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return packageManager.replace(/^pnpm@/, '')
}

/** npm's package with Node's own binary for this platform; it needs no install script. */
function nodePackage() {
  const { platform, arch } = process
  const supported = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']
  if (!supported.includes(`${platform}-${arch}`) || isMusl()) {
    const where = isMusl() ? `${platform} with musl` : platform
    throw new Plain(
      `There is no ready-made Node ${nodeFloor} for ${where} on ${arch}: install Node ${nodeFloor} or later and run this again.`,
    )
  }
  return `node-${platform}-${arch}`
}

function isMusl() {
  return process.platform === 'linux' && existsSync('/etc/alpine-release')
}
