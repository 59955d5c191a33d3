import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

import { StoresError } from './error.ts'

/** The user that PostgreSQL runs as when we are root, which it refuses to be. */
export type Runner = { readonly uid: number; readonly gid: number }

/** `nobody` when this process is root; null when it is an ordinary user that can run everything itself. */
export async function unprivilegedRunner(): Promise<Runner | null> {
  if (process.getuid?.() !== 0) return null
  const passwd = await readFile('/etc/passwd', 'utf8')
  const runner = parseNobody(passwd)
  if (runner === null) {
    throw new StoresError(
      'no_unprivileged_user',
      'PostgreSQL does not run as root, and there is no user "nobody" to run it as: start Callwire as an ordinary user, or set DATABASE_URL.',
    )
  }
  return runner
}

/** Reads `nobody`'s ids out of a passwd(5) file. */
export function parseNobody(passwd: string): Runner | null {
  const fields = passwd
    .split('\n')
    .find((line) => line.startsWith('nobody:'))
    ?.split(':')
  const uid = Number(fields?.[2])
  const gid = Number(fields?.[3])
  return Number.isInteger(uid) && Number.isInteger(gid) && uid > 0 ? { uid, gid } : null
}

const othersMayEnter = 0o001
const othersMayReadAndEnter = 0o005

/** Whether every directory from the root down to `path` lets other users pass. */
export async function othersCanEnter(path: string): Promise<boolean> {
  for (let at = await realpath(path); ; at = dirname(at)) {
    if (((await stat(at)).mode & othersMayEnter) === 0) return false
    if (at === dirname(at)) return true
  }
}

/** Whether other users can run the program at `path`. */
export async function othersCanRun(path: string): Promise<boolean> {
  const { mode } = await stat(path)
  return (mode & othersMayReadAndEnter) === othersMayReadAndEnter && othersCanEnter(dirname(path))
}
