import {
  chmodSync,
  chownSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { CliFailure } from '../failure.ts'

/** An entry of the master ring's text, `kid:key`, as it is written; the key may be wrapped. */
type Entry = { readonly kid: string; readonly text: string }

/** A file of one key without an id is a ring of one. */
const bareKid = 'k1'

function entriesOf(text: string): Entry[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const entry = part.trim()
      const colon = entry.indexOf(':')
      return { kid: colon < 0 ? bareKid : entry.slice(0, colon), text: entry }
    })
}

/** Ids in the order of the text. Never says what stands behind them. */
export function kidsIn(text: string): string[] {
  return entriesOf(text).map(({ kid }) => kid)
}

/** The text with one more entry at its end: the first one keeps its place, and with it its part. */
export function withEntry(text: string, entry: string): string {
  return `${[...entriesOf(text).map((one) => one.text), entry].join(',')}\n`
}

/** The text without a key; null when nothing would be left. */
export function withoutKid(text: string, kid: string): string | null {
  const rest = entriesOf(text).filter((entry) => entry.kid !== kid)
  return rest.length === 0 ? null : `${rest.map((entry) => entry.text).join(',')}\n`
}

/** The smallest `k<n>` above all that were ever used: a retired id stays taken. */
export function nextKid(used: Iterable<string>): string {
  const numbers = [...used].map((kid) => Number(/^k(\d{1,9})$/.exec(kid)?.[1] ?? 0))
  return `k${Math.max(0, ...numbers) + 1}`
}

/** @throws CliFailure */
export function readKeysFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new CliFailure(
      `The keys file ${path} can’t be read. Run this as the user who runs Callwire.`,
    )
  }
}

/**
 * Replaces the file as a whole, with the mode and owner it had: whoever reads it meanwhile sees the
 * old text or the new one, and a loss of power leaves one of them.
 *
 * @throws CliFailure
 */
export function replaceKeysFile(path: string, text: string): void {
  let next: string | null = null
  try {
    // A link stays a link: what it points to is replaced.
    const file = realpathSync(path)
    const { mode, uid, gid } = statSync(file)
    next = `${file}.new`
    // Left by a run that was cut off; it may be of anybody.
    rmSync(next, { force: true })
    const handle = openSync(next, 'wx', 0o600)
    try {
      writeSync(handle, text)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    if (uid !== statSync(next).uid || gid !== statSync(next).gid) chownSync(next, uid, gid)
    chmodSync(next, mode & 0o777)
    renameSync(next, file)
  } catch {
    if (next !== null) rmSync(next, { force: true })
    throw new CliFailure(
      `The keys file ${path} can’t be replaced; it is as it was. Run this as the user who runs Callwire.`,
    )
  }
}
