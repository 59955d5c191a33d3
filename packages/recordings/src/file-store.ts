import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { requireObjectKey } from './object-key.ts'
import { objectMissing, RecordingStoreError } from './recording-store-error.ts'
import { MAX_STORED_BYTES, requireSize, type RecordingStore } from './recording-store.ts'

const DIRECTORY_MODE = 0o700
const FILE_MODE = 0o600
/** Of what was being written when a process died; it begins as its object does, and goes with it. */
const UNFINISHED = '.unfinished'
const MAX_LISTED = 10_000

/**
 * Objects as files below one directory, readable by its owner alone. An object is there whole or not
 * at all: it is written beside its place, synced and renamed. A directory of another machine may hang:
 * nobody waits longer than `timeoutMs` for a try, whatever becomes of it.
 */
export function createFileStore(root: string, timeoutMs: number): RecordingStore {
  const pathOf = (key: string) => join(root, requireObjectKey(key))
  const translated = <T>(work: (tooLate: AbortSignal) => Promise<T>, signal?: AbortSignal) =>
    inTime(work, timeoutMs, signal).catch((error: unknown) => {
      throw fileFailureOf(error)
    })

  return {
    async put(key, bytes, o = {}) {
      requireSize(bytes)
      const path = pathOf(key)
      const unfinished = `${path}.${randomBytes(6).toString('hex')}${UNFINISHED}`
      await translated(async (tooLate) => {
        tooLate.throwIfAborted()
        await mkdir(dirname(path), { recursive: true, mode: DIRECTORY_MODE })
        try {
          await writeWhole(unfinished, bytes)
          // Who gave it up may have removed it since.
          tooLate.throwIfAborted()
          await rename(unfinished, path)
        } catch (error) {
          await rm(unfinished, { force: true })
          throw error
        }
        await syncDirectories(dirname(path), root)
      }, o.signal)
    },

    async get(key, o = {}) {
      const path = pathOf(key)
      return translated(async () => {
        const file = await open(path, 'r')
        try {
          const { size } = await file.stat()
          if (size === 0 || size > MAX_STORED_BYTES) throw notAnObject()
          return await file.readFile()
        } finally {
          await file.close()
        }
      }, o.signal)
    },

    async remove(key) {
      const path = pathOf(key)
      await translated(async () => {
        await rm(path, { force: true })
        await removeEmpty(dirname(path), root)
      })
    },

    async list(prefix) {
      const slash = prefix.lastIndexOf('/')
      const folder = prefix.slice(0, Math.max(slash, 0))
      const start = prefix.slice(slash + 1)
      const directory = folder === '' ? root : pathOf(folder)
      const entries = await translated(async () =>
        readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
          if (codeOf(error) === 'ENOENT') return []
          throw error
        }),
      )
      return entries
        .filter((entry) => entry.isFile() && entry.name.startsWith(start))
        .slice(0, MAX_LISTED)
        .map(({ name }) => (folder === '' ? name : `${folder}/${name}`))
    },

    async ping() {
      await translated(async () => {
        await mkdir(root, { recursive: true, mode: DIRECTORY_MODE })
        await access(root, constants.R_OK | constants.W_OK | constants.X_OK)
      })
    },

    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', FILE_MODE)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A name is lost with a crash until its directory is synced, and a new directory until its parent is. */
async function syncDirectories(from: string, root: string): Promise<void> {
  for (let at = from; at.startsWith(root); at = dirname(at)) {
    const directory = await open(at, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
    if (at === root) return
  }
}

async function removeEmpty(from: string, root: string): Promise<void> {
  for (let at = from; at !== root && at.startsWith(root); at = dirname(at)) {
    try {
      await rmdir(at)
    } catch {
      // It holds something else, or another has removed it.
      return
    }
  }
}

/**
 * Rejects with the signal's reason when the work has not come to its end in time; the work is left to
 * itself then, and told.
 */
export async function inTime<T>(
  work: (tooLate: AbortSignal) => Promise<T>,
  ms: number,
  signal?: AbortSignal,
): Promise<T> {
  const late = new AbortController()
  const { promise: givenUp, reject } = Promise.withResolvers<never>()
  late.signal.addEventListener('abort', () => reject(late.signal.reason as Error), { once: true })
  const giveUp = () => late.abort(signal?.reason)
  const timer = setTimeout(giveUp, ms)
  signal?.addEventListener('abort', giveUp, { once: true })
  if (signal?.aborted === true) giveUp()
  try {
    return await Promise.race([work(late.signal), givenUp])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', giveUp)
  }
}

/** Pure: what an error of the file system means. */
export function fileFailureOf(error: unknown): Error {
  if (error instanceof RecordingStoreError || error instanceof TypeError) return error
  const code = codeOf(error)
  if (code === 'ENOENT') return objectMissing()
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new RecordingStoreError(
      'recording_store_denied',
      'The directory of recordings is not ours to write: check who owns the one that RECORDINGS_URL names.',
    )
  }
  if (code === 'EISDIR' || code === 'ENOTDIR' || code === 'EEXIST') return notAnObject()
  return new RecordingStoreError(
    'recording_store_unreachable',
    'The directory of recordings cannot be used now: look at its disk, and at the room on it.',
  )
}

function notAnObject(): RecordingStoreError {
  return new RecordingStoreError(
    'recording_store_malformed',
    'What lies in the directory of recordings is no object of ours.',
  )
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : ''
  return typeof code === 'string' ? code : ''
}
