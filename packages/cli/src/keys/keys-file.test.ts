import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  kidsIn,
  nextKid,
  readKeysFile,
  replaceKeysFile,
  withEntry,
  withoutKid,
} from './keys-file.ts'

const bare = 'A'.repeat(43) + '='

describe('the text', () => {
  test.each([
    ['k1:x\n', ['k1']],
    [' k2:x ,\n k1:vault:v1:y\n', ['k2', 'k1']],
    [`${bare}\n`, ['k1']],
    ['', []],
  ])('%j names its keys', (text, kids) => expect(kidsIn(text)).toEqual(kids))

  test.each([
    ['k1:x\n', 'k1:x,k9:n\n'],
    [' k2:x ,\n k1:y', 'k2:x,k1:y,k9:n\n'],
    ['k1:x,\n', 'k1:x,k9:n\n'],
    [`${bare}\n`, `${bare},k9:n\n`],
    ['', 'k9:n\n'],
  ])('%j takes an entry at its end', (text, more) => expect(withEntry(text, 'k9:n')).toBe(more))

  test.each([
    ['k1:x,k2:y\n', 'k1', 'k2:y\n'],
    ['k1:x,k2:y\n', 'k2', 'k1:x\n'],
    ['k1:x,k2:y\n', 'k3', 'k1:x,k2:y\n'],
    [`${bare},k2:y`, 'k1', 'k2:y\n'],
    ['k1:x\n', 'k1', null],
  ])('%j without %s', (text, kid, rest) => expect(withoutKid(text, kid)).toBe(rest))

  test.each([
    [[], 'k1'],
    [['k1'], 'k2'],
    [['k2', 'k9', 'k1'], 'k10'],
    [['main', 'k3-old', '2'], 'k1'],
  ])('after %j comes %s', (used, next) => expect(nextKid(used)).toBe(next))
})

describe('the file', () => {
  let dir: string
  let file: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'callwire-keys-file-'))
    file = join(dir, 'keys')
    writeFileSync(file, 'k1:x\n')
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  test.each([0o600, 0o640, 0o444])('is replaced and keeps its mode %o', (mode) => {
    chmodSync(file, mode)
    replaceKeysFile(file, 'k1:x,k2:y\n')
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['k1:x,k2:y\n', mode])
    expect(readdirSync(dir)).toEqual(['keys'])
  })

  test('behind a link is replaced there', () => {
    const link = join(dir, 'link')
    symlinkSync(file, link)
    replaceKeysFile(link, 'k2:y\n')
    expect([lstatSync(link).isSymbolicLink(), readFileSync(file, 'utf8')]).toEqual([true, 'k2:y\n'])
  })

  test('that a cut-off run left half written is no obstacle', () => {
    writeFileSync(`${file}.new`, 'k1:', { mode: 0o400 })
    replaceKeysFile(file, 'k2:y\n')
    expect([readFileSync(file, 'utf8'), readdirSync(dir)]).toEqual(['k2:y\n', ['keys']])
  })

  test('that is not there is a sentence that names it and no key', () => {
    const missing = join(dir, 'none')
    expect(() => readKeysFile(missing)).toThrow(missing)
    expect(() => replaceKeysFile(missing, 'k1:secret')).toThrow(/it is as it was/)
    expect(() => replaceKeysFile(missing, 'k1:secret')).not.toThrow(/secret/)
  })
})
