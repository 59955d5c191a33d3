import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { wrapEntry, type KeyService } from '@callwire/key-service'
import { AppError, type Random } from '@callwire/runtime'

import { keptSecret } from './kept-secret.ts'
import { ringOfBare, type MasterKeysSetting } from './master-keys-setting.ts'

/** The master ring's text as it lies there: plain, or wrapped by a key service. */
export type KeysSource = {
  /** The file that is read again and again; null when the ring comes from the environment. */
  readonly file: string | null
  /** @throws AppError `keys_file_unreadable` */
  read(): string
}

const firstKeyId = 'k1'
const keyBytes = 32
const keptName = 'ENCRYPTION_KEYS'

/** Finds the master ring; makes a first key where nothing was said and none is kept, wrapped where a service is there. */
export async function keysSource(
  setting: MasterKeysSetting,
  o: { dataDir: string; service: KeyService | null; random: Random },
): Promise<KeysSource> {
  if (setting.kind === 'text') return { file: null, read: () => setting.text }
  if (setting.kind === 'file') return fileSource(setting.path, setting.bare)
  const file = join(o.dataDir, 'secrets', keptName)
  if (textIn(file) === null) {
    const first = await firstEntry(o.service, o.random(keyBytes))
    keptSecret(o.dataDir, keptName, () => first)
  }
  return fileSource(file, false)
}

async function firstEntry(service: KeyService | null, key: Uint8Array): Promise<string> {
  if (service !== null) return wrapEntry(service, firstKeyId, key)
  return `${firstKeyId}:${Buffer.from(key).toString('base64')}`
}

function fileSource(file: string, bare: boolean): KeysSource {
  return {
    file,
    read() {
      const text = textIn(file)
      if (text === null) {
        throw new AppError({
          code: 'keys_file_unreadable',
          message: 'The file of ENCRYPTION_KEYS is gone, empty or cannot be read.',
        })
      }
      return bare ? ringOfBare(text) : text
    },
  }
}

/** Null for a file that is not there or says nothing, as one that is just being written does. */
function textIn(file: string): string | null {
  try {
    const text = readFileSync(file, 'utf8').trim()
    return text === '' ? null : text
  } catch {
    return null
  }
}
