import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { StoresError } from './error.ts'
import { othersCanEnter, type Runner } from './unprivileged.ts'

/** Written both in the data directory and in a home elsewhere: together they say that the two belong to each other. */
type Deed = { readonly id: string; readonly home: string; readonly dataDir: string }

const deedName = 'postgres-home.json'

/**
 * Where the cluster of a data directory lives: in it, or, when another user must run PostgreSQL and cannot enter it, in
 * a directory of its own below `/var/lib` that the data directory names. A home whose data directory was deleted is
 * deleted when a new data directory takes its name.
 */
export async function postgresHome(dataDir: string, runner: Runner | null): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o711 })
  const real = await realpath(dataDir)
  const inside = join(real, 'postgres')
  const deed = await readDeed(real)
  if (deed !== null) return followDeed(real, deed, runner)
  if (runner === null || (await othersCanEnter(real))) {
    await mkdir(inside, { recursive: true, mode: 0o711 })
    return inside
  }
  const home = join('/var/lib', `callwire-${hashOf(real)}`)
  await rm(home, { recursive: true, force: true })
  if (existsSync(inside)) await move(inside, home)
  else await mkdir(home, { mode: 0o711 })
  await writeDeed(real, { id: randomBytes(12).toString('hex'), home, dataDir: real })
  return home
}

/** The places a data directory keeps outside itself, for whoever deletes it. */
export async function placesOutside(dataDir: string): Promise<string[]> {
  const deed = await readDeed(dataDir)
  return deed === null ? [] : [deed.home]
}

async function followDeed(dataDir: string, deed: Deed, runner: Runner | null): Promise<string> {
  const twin = await readDeed(deed.home)
  if (twin?.id !== deed.id) {
    // Its home is gone or was never finished: begin again rather than run on somebody else's.
    await rm(join(dataDir, deedName), { force: true })
    return postgresHome(dataDir, runner)
  }
  if (twin.dataDir !== dataDir) {
    const original = await readDeed(twin.dataDir)
    if (original?.id === deed.id) {
      throw new StoresError(
        'data_dir_copied',
        `The data directory ${dataDir} is a copy of ${twin.dataDir} and would share its database: delete ${join(dataDir, deedName)} to begin with an empty one.`,
      )
    }
    await writeDeed(dataDir, { ...deed, dataDir })
  }
  return deed.home
}

async function readDeed(dir: string): Promise<Deed | null> {
  try {
    const deed = JSON.parse(await readFile(join(dir, deedName), 'utf8')) as Partial<Deed>
    return typeof deed.id === 'string' && typeof deed.home === 'string'
      ? { id: deed.id, home: deed.home, dataDir: deed.dataDir ?? '' }
      : null
  } catch {
    return null
  }
}

async function writeDeed(dataDir: string, deed: Deed): Promise<void> {
  // The home's first: a data directory that names a home without its half starts anew.
  for (const dir of [deed.home, dataDir]) {
    await writeFile(join(dir, deedName), JSON.stringify(deed), { mode: 0o600 })
  }
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    await cp(from, to, { recursive: true, preserveTimestamps: true })
    await rm(from, { recursive: true, force: true })
  }
}

function hashOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16)
}
