import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { CryptoError, parseMasterRing } from '@callwire/crypto'
import { wrapEntry } from '@callwire/key-service'
import type { Command } from 'commander'
import { CliFailure } from '../failure.ts'
import { keyServiceOf } from '../open-ring.ts'
import type { Context } from './context.ts'
import { keysGroup } from './keys-group.ts'

const keyBytes = 32
const standardInput = 0

/** `keys wrap`: an entry for ENCRYPTION_KEYS that only the key service can open. */
export function registerKeysWrap(program: Command, context: Context): void {
  keysGroup(program)
    .command('wrap')
    .description('print an entry for ENCRYPTION_KEYS whose key KEY_SERVICE has wrapped')
    .argument('<kid>', 'the id of the key, like k2')
    .option(
      '--key <file>',
      'a key to wrap, base64 of 32 bytes (- for standard input); else a new one',
    )
    .action(async (kid: string, o: { key?: string }) => {
      const service = keyServiceOf(context.env, context.signal)
      if (service === null) {
        throw new CliFailure(
          'KEY_SERVICE is not set: an entry without a key service is kid:base64, as it is.',
        )
      }
      const key = o.key === undefined ? randomBytes(keyBytes) : keyIn(kid, o.key)
      const entry = await wrapped(async () => wrapEntry(service, kid, key))
      context.output().result({ kid, entry }, entry)
    })
}

function keyIn(kid: string, file: string): Buffer {
  const text = read(file).trim()
  try {
    parseMasterRing(`${kid}:${text}`)
  } catch (error) {
    if (error instanceof CryptoError)
      throw new CliFailure('The key must be the base64 of 32 bytes.')
    throw error
  }
  return Buffer.from(text, 'base64')
}

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? standardInput : file, 'utf8')
  } catch {
    throw new CliFailure('The file of --key can’t be read.')
  }
}

async function wrapped(wrap: () => Promise<string>): Promise<string> {
  try {
    return await wrap()
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    throw new CliFailure('A key id is 1 to 32 of a-z, 0-9 and hyphens.')
  }
}
