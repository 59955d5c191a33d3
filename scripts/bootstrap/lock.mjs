import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

import { Plain, say } from './say.mjs'

const lookEveryMs = 200
const tellEveryMs = 5_000
/** Longer than any install should take; after that the other run is not the reason to wait. */
const giveUpMs = 15 * 60_000

/**
 * Runs `work` while holding the lock file, which names the holder's process id. Waits for a living holder; the lock of
 * a dead one is taken over.
 */
export async function withLock(file, work) {
  mkdirSync(dirname(file), { recursive: true })
  const startedAt = Date.now()
  let toldAt = 0
  while (!take(file)) {
    const holder = holderOf(file)
    if (holder === null || !isAlive(holder)) {
      breakLock(file, holder)
      continue
    }
    if (Date.now() - startedAt > giveUpMs) {
      throw new Plain(
        `Process ${holder} has been installing for too long: stop it and run this again.`,
      )
    }
    if (Date.now() - toldAt > tellEveryMs) {
      toldAt = Date.now()
      say(`waiting for process ${holder}, which is installing`)
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
  try {
    return await work()
  } finally {
    if (holderOf(file) === process.pid) rmSync(file, { force: true })
  }
}

/** A link appears with its content: nobody ever reads a half-written lock. */
function take(file) {
  const mine = `${file}.${process.pid}`
  writeFileSync(mine, String(process.pid))
  try {
    linkSync(mine, file)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  } finally {
    rmSync(mine, { force: true })
  }
}

function holderOf(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    return Number.isInteger(pid) && pid > 0 ? pid : null
  } catch {
    return null
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Moves a dead holder's lock away; when another run was faster and the lock is already somebody's, puts it back. */
function breakLock(file, deadHolder) {
  const aside = `${file}.stale.${process.pid}`
  try {
    renameSync(file, aside)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    return
  }
  try {
    if (holderOf(aside) !== deadHolder) linkSync(aside, file)
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  } finally {
    rmSync(aside, { force: true })
  }
}
