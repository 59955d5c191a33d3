import { readFile } from 'node:fs/promises'

/**
 * The text of a ring's file as configuration reads it, without the last line break; null when it
 * cannot be read. It is read whole at every look: a file replaced or rewritten in place, on whatever
 * kind of disk, is found by what it says and not by its times.
 */
export async function readRingFile(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '')
  } catch {
    return null
  }
}
