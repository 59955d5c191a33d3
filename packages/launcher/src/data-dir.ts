import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { AppError } from '@callwire/runtime'
import { processCommandLine, startGuarded, type Guarded } from '@callwire/stores'

export type DataDir = {
  readonly path: string
  readonly logs: string
  /** Gives the directory free for the next run. */
  release(): Promise<void>
}

const janitorGraceMs = 1_000
/** Takes of a lock whose holder turns out dead; two runs that break it at once need a second look. */
const attempts = 5

/**
 * Takes a data directory for this process alone. Its lock names us; a dead holder's is taken over, and a guard removes
 * it (and `run.json`) when this process ends without doing so. @throws AppError `data_dir_taken`, one sentence
 */
export async function takeDataDir(asked: string): Promise<DataDir> {
  const path = resolve(asked)
  const logs = join(path, 'logs')
  try {
    // Others may pass through, because PostgreSQL runs as another user when we are root; every secret is 0600.
    mkdirSync(path, { recursive: true, mode: 0o711 })
    mkdirSync(logs, { recursive: true, mode: 0o700 })
  } catch {
    throw failure(
      `The data directory ${path} cannot be made: set CALLWIRE_DATA_DIR to a place this user can write to.`,
    )
  }
  const lock = join(path, 'lock')
  await takeLock(lock, path)
  const janitor = await watchOver([lock, join(path, 'run.json')])
  return {
    path,
    logs,
    async release() {
      await janitor.stop()
    },
  }
}

async function takeLock(lock: string, path: string): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (link(lock)) return
    const holder = holderOf(lock)
    if (holder !== null && (await isLauncher(holder))) {
      throw failure(
        `Another Callwire (process ${holder}) is using the data directory ${path}: stop it, or set CALLWIRE_DATA_DIR to another directory.`,
      )
    }
    moveAway(lock, holder)
  }
  throw failure(`The data directory ${path} cannot be locked: another Callwire is starting in it.`)
}

/** A link appears with its content: nobody ever reads a half-written lock. */
function link(lock: string): boolean {
  const mine = `${lock}.${process.pid}`
  writeFileSync(mine, String(process.pid), { mode: 0o600 })
  try {
    linkSync(mine, lock)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw failure('The data directory cannot be locked.')
    return false
  } finally {
    rmSync(mine, { force: true })
  }
}

function holderOf(lock: string): number | null {
  try {
    const pid = Number(readFileSync(lock, 'utf8'))
    return Number.isInteger(pid) && pid > 1 ? pid : null
  } catch {
    return null
  }
}

/** A number in a stale lock may belong to any program by now. */
async function isLauncher(pid: number): Promise<boolean> {
  return pid !== process.pid && /launcher|node/.test(await processCommandLine(pid))
}

function moveAway(lock: string, deadHolder: number | null): void {
  const aside = `${lock}.stale.${process.pid}`
  try {
    renameSync(lock, aside)
    // Another run was faster, and this is its lock: put it back.
    if (holderOf(aside) !== deadHolder) linkSync(aside, lock)
  } catch {
    // Gone, or back in place already: the next look tells.
  }
  rmSync(aside, { force: true })
}

async function watchOver(files: readonly string[]): Promise<Guarded> {
  return startGuarded(
    { stopSignal: 'SIGTERM', graceMs: janitorGraceMs, env: {}, removeAfter: files },
    'ignore',
  )
}

function failure(message: string): AppError {
  return new AppError({ code: 'data_dir_taken', message, level: 'fatal' })
}
