import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { secretsOf, splitAt } from './search/machine.ts'
import type { Secrets } from './search/needles.ts'

/** The secrets that the install made for itself, by the file each is kept in; the master ring key by key. */
export function generatedSecrets(dataDir: string): Secrets {
  const folder = join(dataDir, 'secrets')
  return Object.fromEntries(
    readdirSync(folder).flatMap((name): [string, string | Buffer][] => {
      const text = readFileSync(join(folder, name), 'utf8').trim()
      if (!name.endsWith('_KEYS')) return [[name, text]]
      return ringOf(text).map(({ kid, key }) => [`${name} ${kid}`, key])
    }),
  )
}

export function accountSecrets(whose: string, o: { apiKey: string; apiToken: string }): Secrets {
  return {
    [`${whose}: key`]: o.apiKey,
    [`${whose}: token`]: o.apiToken,
    [`${whose}: pair`]: `${o.apiKey}:${o.apiToken}`,
  }
}

/** Every key of every ring that any process has, as it is written and as the bytes it stands for. */
export function ringKeys(pids: Iterable<number>): Secrets {
  const keys: Record<string, string | Buffer> = {}
  for (const pid of pids) {
    for (const [name, ring] of ringsIn(secretsOf(pid))) {
      for (const { kid, key } of ring) {
        keys[`${name} ${kid}`] = key
        keys[`the first half of ${name} ${kid}`] = key.subarray(0, 32)
        if (key.length > 32) keys[`the second half of ${name} ${kid}`] = key.subarray(32)
      }
    }
  }
  return keys
}

type Ring = { kid: string; key: Buffer }[]

/** Every variable that is a ring, as `kid:base64[,…]` says it. */
export function ringsIn(variables: Readonly<Record<string, string>>): [name: string, ring: Ring][] {
  return Object.entries(variables)
    .filter(([name]) => name.endsWith('_KEYS'))
    .map(([name, text]) => [name, ringOf(text)])
}

export function ringOf(text: string): Ring {
  return text
    .trim()
    .split(/\s*[,\n]\s*/)
    .map((entry) => {
      const [kid, key] = splitAt(entry, ':')
      return { kid, key: Buffer.from(key, 'base64') }
    })
}
