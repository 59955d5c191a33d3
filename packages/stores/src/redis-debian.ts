import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { probeRedis, type RedisProgram } from './redis-program.ts'
import { lastLine, runCommand } from './run-command.ts'

/** Package lists are some 10 MB, Redis 1.5 MB: minutes on a slow line, and no answer after that is an answer. */
const aptBoundMs = 180_000
const quickBoundMs = 20_000

/** Every Debian has these, and a second C library in the search path would break the first. */
const never =
  /^(libc6|libgcc-s1|libcrypt1|lsb-base|adduser|init-system-helpers|debconf|sysvinit-utils)$/

export type DebianResult =
  | { readonly kind: 'found'; readonly program: RedisProgram }
  | { readonly kind: 'unavailable'; readonly why: string }

/**
 * Redis from Debian's or Ubuntu's packages, unpacked into `<toolsDir>/redis`. Nothing is installed and no root is
 * needed: `apt-get download` only fetches, `dpkg-deb -x` only unpacks.
 */
export async function redisFromDebian(
  toolsDir: string,
  onProgress: (line: string) => void,
): Promise<DebianResult> {
  const place = join(toolsDir, 'redis')
  const unpacked = await unpackedRedis(place)
  if (unpacked !== null) return { kind: 'found', program: unpacked }
  const version = await runCommand('apt-get', ['--version'], { timeoutMs: quickBoundMs })
  if (version.kind !== 'ok') return { kind: 'unavailable', why: 'there is no apt-get' }

  onProgress('fetching Redis from the system’s package archive')
  const work = join(toolsDir, `redis.new-${randomBytes(6).toString('hex')}`)
  await mkdir(join(work, 'debs'), { recursive: true })
  try {
    const why = await fetchAndUnpack(work, onProgress)
    if (why !== null) return { kind: 'unavailable', why }
    await rm(join(work, 'debs'), { recursive: true, force: true })
    await rm(join(work, 'apt'), { recursive: true, force: true })
    await rm(place, { recursive: true, force: true })
    // Another run may be as far as this one: either result is as good.
    await rename(work, place).catch(() => undefined)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  const program = await unpackedRedis(place)
  return program === null
    ? { kind: 'unavailable', why: 'the archive’s Redis does not run here' }
    : { kind: 'found', program }
}

async function unpackedRedis(place: string): Promise<RedisProgram | null> {
  const command = join(place, 'usr', 'bin', 'redis-server')
  if (!existsSync(command)) return null
  const env = { LD_LIBRARY_PATH: (await libraryDirs(place)).join(':') }
  const probe = await probeRedis(command, env)
  return probe.kind === 'usable' ? { kind: 'program', from: 'Debian packages', command, env } : null
}

/** `usr/lib`, `lib` and their one directory per machine type. */
async function libraryDirs(place: string): Promise<string[]> {
  const found: string[] = []
  for (const base of [join(place, 'usr', 'lib'), join(place, 'lib')]) {
    if (!existsSync(base)) continue
    found.push(base)
    for (const entry of await readdir(base, { withFileTypes: true })) {
      if (entry.isDirectory() && entry.name.includes('-linux-')) found.push(join(base, entry.name))
    }
  }
  return found
}

/** Null when all went well, else why not. */
async function fetchAndUnpack(
  work: string,
  onProgress: (line: string) => void,
): Promise<string | null> {
  const debs = join(work, 'debs')
  let options: string[] = []
  if (!(await download(debs, options, ['redis-server']))) {
    onProgress('fetching the package archive’s lists')
    options = await privateLists(work)
    const updated = await apt(work, [...options, 'update'])
    if (updated.kind !== 'ok') return 'the package archive cannot be reached'
    if (!(await download(debs, options, ['redis-server'])))
      return 'the package archive has no Redis'
  }
  const wanted = await dependencies(debs, options)
  if (!(await download(debs, options, ['redis-tools', ...wanted]))) {
    return 'the package archive does not give out what Redis needs'
  }
  for (const deb of await debFiles(debs)) {
    const result = await runCommand('dpkg-deb', ['-x', deb, work], { timeoutMs: quickBoundMs })
    if (result.kind !== 'ok') return 'a package could not be unpacked'
  }
  return null
}

/** apt's own state, kept apart from the system's, whose lists only root may refresh. */
async function privateLists(work: string): Promise<string[]> {
  const dir = join(work, 'apt')
  for (const name of ['lists/partial', 'cache/archives/partial']) {
    await mkdir(join(dir, name), { recursive: true })
  }
  return [
    ['Dir::State::lists', join(dir, 'lists')],
    ['Dir::Cache', join(dir, 'cache')],
    ['Debug::NoLocking', 'true'],
    // As root, apt would fetch as a user that cannot enter a closed directory.
    ['APT::Sandbox::User', process.getuid?.() === 0 ? 'root' : ''],
  ].flatMap(([name, value]) => (value === '' ? [] : ['-o', `${String(name)}=${String(value)}`]))
}

async function download(
  debs: string,
  options: readonly string[],
  names: readonly string[],
): Promise<boolean> {
  const sandbox = process.getuid?.() === 0 ? ['-o', 'APT::Sandbox::User=root'] : []
  const result = await apt(debs, [...sandbox, ...options, 'download', ...names])
  return result.kind === 'ok'
}

async function apt(cwd: string, args: readonly string[]): ReturnType<typeof runCommand> {
  return runCommand('apt-get', ['-q', ...args], { timeoutMs: aptBoundMs, cwd })
}

/** The libraries that redis-tools, where Debian keeps the program itself, names and this machine lacks. */
async function dependencies(debs: string, options: readonly string[]): Promise<string[]> {
  if (!(await download(debs, options, ['redis-tools']))) return []
  const names = new Set<string>()
  for (const deb of await debFiles(debs)) {
    const fields = await runCommand('dpkg-deb', ['-f', deb, 'Depends', 'Pre-Depends'], {
      timeoutMs: quickBoundMs,
    })
    if (fields.kind === 'ok') for (const name of dependencyNames(fields.stdout)) names.add(name)
  }
  const missing: string[] = []
  for (const name of names) {
    if (!never.test(name) && !name.startsWith('redis') && !(await isInstalled(name)))
      missing.push(name)
  }
  return missing
}

/** First alternatives of a `Depends` field: `a (>= 1) | b, c` gives `a` and `c`. */
export function dependencyNames(fields: string): string[] {
  return fields
    .replace(/^[A-Za-z-]+:/gm, ',')
    .split(/[,\n]/)
    .map((clause) => /^[a-z0-9][a-z0-9+.-]*/.exec(clause.trim())?.[0] ?? '')
    .filter((name) => name !== '')
}

async function isInstalled(name: string): Promise<boolean> {
  const result = await runCommand('dpkg-query', ['-W', '-f', '${Status}', name], {
    timeoutMs: quickBoundMs,
  })
  return result.kind === 'ok' && lastLine(result.stdout) === 'install ok installed'
}

async function debFiles(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => name.endsWith('.deb')).map((name) => join(dir, name))
}
