import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'

import { StoresError } from './error.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { lastLine, runCommand } from './run-command.ts'
import type { Runner } from './unprivileged.ts'

/** A database cluster that is complete: its data and the password of its first user. */
export type Cluster = { readonly dataDir: string; readonly password: string }

/** The user that initdb makes; it owns everything in the cluster. */
export const clusterUser = 'callwire'

/** initdb writes some 40 MB and syncs them; a slow disk takes its time. */
const initBoundMs = 120_000

type Options = {
  readonly home: string
  readonly binaries: PostgresBinaries
  readonly runner: Runner | null
  readonly onProgress: (line: string) => void
}

/**
 * The cluster in `home`, made first where there is none. It is made beside its place and moved into it when complete,
 * so that what carries the name is never half-made. One that is broken all the same is set aside, not deleted.
 */
export async function openCluster(options: Options): Promise<Cluster> {
  const place = join(options.home, 'cluster')
  await removeUnfinished(options.home)
  if (existsSync(place) && !(await isComplete(place))) {
    await rename(place, `${place}.broken-${Date.now().toString(36)}`)
    options.onProgress('the database directory was incomplete: it is set aside and made anew')
  }
  if (!existsSync(place)) await makeCluster(place, options)
  await giveTo(options.runner, join(place, 'data'))
  return {
    dataDir: join(place, 'data'),
    password: (await readFile(join(place, 'password'), 'utf8')).trim(),
  }
}

async function isComplete(place: string): Promise<boolean> {
  if (!existsSync(join(place, 'data', 'PG_VERSION'))) return false
  if (!existsSync(join(place, 'data', 'global', 'pg_control'))) return false
  const password = await readFile(join(place, 'password'), 'utf8').catch(() => '')
  return password.trim() !== ''
}

async function removeUnfinished(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (name.startsWith('cluster.new-'))
      await rm(join(home, name), { recursive: true, force: true })
  }
}

async function makeCluster(place: string, options: Options): Promise<void> {
  const { binaries, runner } = options
  options.onProgress('creating the database')
  const unfinished = `${place}.new-${randomBytes(6).toString('hex')}`
  const dataDir = join(unfinished, 'data')
  const passwordFile = join(unfinished, 'password')
  await mkdir(unfinished, { mode: 0o711 })
  await mkdir(dataDir, { mode: 0o700 })
  await writeFile(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
  if (runner !== null) {
    await chown(dataDir, runner.uid, runner.gid)
    await chown(passwordFile, runner.uid, runner.gid)
  }
  const result = await runCommand(
    binaries.initdb,
    [
      `--pgdata=${dataDir}`,
      `--username=${clusterUser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--locale=C.UTF-8',
      '--no-instructions',
    ],
    {
      timeoutMs: initBoundMs,
      cwd: unfinished,
      env: { LD_LIBRARY_PATH: binaries.libDir, LC_ALL: 'C', TZ: 'UTC' },
      ...(runner ?? {}),
    },
  )
  if (result.kind !== 'ok') {
    await rm(unfinished, { recursive: true, force: true })
    const reason = result.kind === 'missing' ? 'initdb is missing' : lastLine(result.stderr)
    throw new StoresError('postgres_failed', `The database could not be created: ${reason}.`)
  }
  // From here on only we read it; the server keeps a verifier of its own.
  if (runner !== null) await chown(passwordFile, 0, 0)
  await chmod(passwordFile, 0o600)
  await rename(unfinished, place)
}

/** A directory that came here by copying may belong to somebody else. */
async function giveTo(runner: Runner | null, dir: string): Promise<void> {
  if (runner === null || (await stat(dir)).uid === runner.uid) return
  for (const entry of await readdir(dir, { recursive: true })) {
    await chown(join(dir, entry), runner.uid, runner.gid)
  }
  await chown(dir, runner.uid, runner.gid)
}
