import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  deriveServiceKeys,
  openContent,
  openCredential,
  parseContentRing,
  parseMasterRing,
  parseOpenRing,
  parseSealRing,
  sealCredential,
  sealedKeyId,
} from '@callwire/crypto'
import { describe, expect, test } from 'vitest'
import { encryptAsOldSystem } from '../testing/old-system.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const sources = globSync('{packages,services,scripts,bench,tests}/**/*.{ts,mjs,js}', {
  cwd: root,
  exclude: (path) => /(?:^|\/)node_modules$/.test(path),
})
const holding = (...what: RegExp[]) =>
  sources.filter((path) => {
    const text = readFileSync(`${root}${path}`, 'utf8')
    return what.every((one) => one.test(text))
  })

describe('the old form is known to the migration alone', () => {
  const migration =
    /^(?:packages\/cli\/src\/(?:origin|testing|commands)|tests\/e2e\/src)\/[\w.-]*\.ts$/

  test.each([
    ['its salt', [/exotel-encryption-salt/]],
    ['a key from what signs sessions', [/pbkdf2/i, /jwt_?secret/i]],
    ['a test whether a text is encrypted', [/isEncrypted/]],
  ])('%s stands nowhere else', (_what, what) => {
    const places = holding(...what)
    expect(places).not.toEqual([])
    expect(places.filter((path) => !migration.test(path))).toEqual([])
  })

  test('no other code imports it', () => {
    expect(holding(/from '[^']*\/origin\/[^']*'/)).toEqual([
      'packages/cli/src/commands/import-origin.ts',
    ])
    expect(readFileSync(`${root}packages/cli/src/index.ts`, 'utf8')).not.toMatch(/origin/)
  })
})

describe('what opens credentials takes none of the old system', () => {
  const keys = deriveServiceKeys(parseMasterRing(`k1:${Buffer.alloc(32, 7).toString('base64')}`))
  const open = parseOpenRing(keys.CREDENTIAL_OPEN_KEYS)
  const context = {
    ...{ purpose: 'exotel-credentials', tenantId: 'ten_1', rowId: 'phn_1', field: 'apiKey' },
    ...{ host: 'api.exotel.com', sid: 'acme1', version: 1 },
  }
  const old = encryptAsOldSystem('an old secret', 'key-of-somebody')

  test.each([old, 'aa:bb:cc', `k1:${old}`, `cw1c.k1.${old}`])('%.24s', (value) => {
    expect(() => openCredential(open, context, value)).toThrow('could not be opened')
    expect(() => openContent(parseContentRing(keys.CONTENT_KEYS), context, value)).toThrow(
      'could not be opened',
    )
    expect(sealedKeyId(value)).toBeNull()
  })

  test('and typed in as a key it is a key like any other: sealed, and given back as it was', () => {
    const sealed = sealCredential(parseSealRing(keys.CREDENTIAL_SEAL_KEYS), context, old)
    expect(openCredential(open, context, sealed)).toBe(old)
  })
})
