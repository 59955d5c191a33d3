import { constants, createReadStream } from 'node:fs'
import { access, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CliFailure } from '../failure.ts'

/** Readable by its owner alone: its header is in clear, and the rest is worth years of trying. */
const MODE = 0o600
const READ_BYTES = 262_144

/** Throws CliFailure when there is a file already that may not be replaced. */
export async function requireFree(path: string, force: boolean): Promise<void> {
  if (!force && (await exists(path))) {
    throw new CliFailure(`${path} exists already: give another name, or --force to replace it.`)
  }
  if (!force && (await exists(partOf(path)))) {
    throw new CliFailure(
      `${partOf(path)} exists: another backup is writing it, or one was killed. Remove it, or give --force.`,
    )
  }
}

/**
 * Writes a file that is there whole or not at all: under another name, to the disk, then renamed.
 * Gives its size in bytes. A fault leaves nothing behind.
 */
export async function writeWhole(
  path: string,
  o: { force: boolean },
  content: AsyncIterable<Uint8Array>,
): Promise<number> {
  const part = partOf(path)
  if (o.force) await told(path, () => rm(part, { force: true }))
  const file = await told(path, () => open(part, 'wx', MODE))
  let bytes = 0
  try {
    try {
      for await (const chunk of content) {
        await told(path, () => file.writeFile(chunk))
        bytes += chunk.length
      }
      await told(path, () => file.sync())
    } finally {
      await file.close()
    }
    await requireReplaceable(path, o.force)
    await told(path, () => rename(part, path))
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined)
    throw error
  }
  await told(path, () => syncFolder(dirname(path)))
  return bytes
}

/** The bytes of a file, from its beginning. */
export async function* readWhole(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>
  } catch (error) {
    throw new CliFailure(`${path} can’t be read (${codeOf(error)}).`)
  }
}

export async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => null)
  if (found === null) throw new CliFailure(`There is no file ${path}.`)
  if (!found.isFile()) throw new CliFailure(`${path} is no file.`)
  await access(path, constants.R_OK).catch(() => {
    throw new CliFailure(`${path} can’t be read.`)
  })
  return found.size
}

/** Somebody may have made one in the meantime. */
async function requireReplaceable(path: string, force: boolean): Promise<void> {
  if (!force && (await exists(path)))
    throw new CliFailure(`${path} exists by now; nothing was kept.`)
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function partOf(path: string): string {
  return `${path}.part`
}

async function told<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw new CliFailure(`${path} can’t be written (${codeOf(error)}).`)
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'unknown'
}
