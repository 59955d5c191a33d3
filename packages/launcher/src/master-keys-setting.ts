import { resolve } from 'node:path'

import { parseMasterRing } from '@callwire/crypto'

/** Where the master ring is to be found. */
export type MasterKeysSetting =
  | { readonly kind: 'text'; /** Secret. */ readonly text: string }
  | {
      readonly kind: 'file'
      readonly path: string
      /** One key without an id. */ readonly bare: boolean
    }
  /** Nothing was said: in the data directory, where it is generated the first time. */
  | { readonly kind: 'kept' }

type Problem = { readonly name: string; readonly sentence: string }

const ringName = 'ENCRYPTION_KEYS'
const bareName = 'ENCRYPTION_KEY'

/** One key without an id is a ring of one, `k1`. */
export function ringOfBare(key: string): string {
  return `k1:${key}`
}

export function masterKeysIn(env: NodeJS.ProcessEnv): MasterKeysSetting {
  const set = (name: string): string | undefined => (env[name] === '' ? undefined : env[name])
  const ring = set(ringName)
  if (ring !== undefined) return { kind: 'text', text: ring }
  const key = set(bareName)
  if (key !== undefined) return { kind: 'text', text: ringOfBare(key) }
  const file = set(`${ringName}_FILE`)
  if (file !== undefined) return { kind: 'file', path: resolve(file), bare: false }
  const bareFile = set(`${bareName}_FILE`)
  if (bareFile !== undefined) return { kind: 'file', path: resolve(bareFile), bare: true }
  return { kind: 'kept' }
}

/** What stands against the master ring, files read. Entries that a key service wrapped are the service's to judge. */
export function masterKeyProblems(
  values: { ENCRYPTION_KEYS?: string | undefined; ENCRYPTION_KEY?: string | undefined },
  o: { wrapped: boolean },
): Problem[] {
  const { ENCRYPTION_KEYS: ring, ENCRYPTION_KEY: key } = values
  if (ring !== undefined && key !== undefined) {
    return [{ name: ringName, sentence: `${ringName} and ${bareName} are both set; keep one.` }]
  }
  const text = ring ?? (key === undefined ? undefined : ringOfBare(key))
  if (text === undefined || o.wrapped) return []
  try {
    parseMasterRing(text)
    return []
  } catch {
    return ring === undefined
      ? [{ name: bareName, sentence: `${bareName} must be the base64 of 32 bytes.` }]
      : [
          {
            name: ringName,
            sentence: `${ringName} must be kid:base64[,kid:base64…] with keys of 32 bytes.`,
          },
        ]
  }
}
