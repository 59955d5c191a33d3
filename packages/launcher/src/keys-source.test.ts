import { randomBytes } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { parseMasterRing } from '@callwire/crypto'
import { createKeyService, unwrapRing } from '@callwire/key-service'
import { vaultStandIn } from '@callwire/key-service/testing'
import { Secret } from '@callwire/runtime'
import { scratchDir } from '@callwire/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { keysSource } from './keys-source.ts'
import type { MasterKeysSetting } from './master-keys-setting.ts'

const ring = `k1:${Buffer.alloc(32, 7).toString('base64')}`

let dataDir: string
beforeEach(async () => {
  dataDir = await scratchDir('keys-source')
})
afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true })
})

const source = async (setting: MasterKeysSetting) =>
  keysSource(setting, { dataDir, service: null, random: randomBytes })

describe('keysSource', () => {
  it('has no file to look at where the ring is a variable', async () => {
    const found = await source({ kind: 'text', text: ring })
    expect(found.file).toBeNull()
    expect(found.read()).toBe(ring)
  })

  it('reads a file anew each time', async () => {
    const path = join(dataDir, 'ring')
    writeFileSync(path, `${ring}\n`)
    const found = await source({ kind: 'file', path, bare: false })
    expect(found.file).toBe(path)
    expect(found.read()).toBe(ring)
    writeFileSync(path, 'k2:other')
    expect(found.read()).toBe('k2:other')
  })

  it('takes a file of one bare key as ring k1', async () => {
    const path = join(dataDir, 'key')
    writeFileSync(path, `${ring.slice(3)}\n`)
    expect((await source({ kind: 'file', path, bare: true })).read()).toBe(ring)
  })

  it.each(['', '\n'])('does not take %j for a ring', async (text) => {
    const path = join(dataDir, 'ring')
    writeFileSync(path, text)
    const found = await source({ kind: 'file', path, bare: false })
    expect(() => found.read()).toThrow('gone, empty or cannot be read')
  })

  it('makes a first key where nothing was said, once', async () => {
    const first = await source({ kind: 'kept' })
    expect(first.file).toBe(join(dataDir, 'secrets', 'ENCRYPTION_KEYS'))
    expect(() => parseMasterRing(first.read())).not.toThrow()
    expect((await source({ kind: 'kept' })).read()).toBe(first.read())
    expect(statSync(first.file ?? '').mode & 0o777).toBe(0o600)
  })

  it('keeps the first key wrapped where a key service is there', async () => {
    await using vault = await vaultStandIn({ token: 'a-token', keys: ['callwire'] })
    const service = createKeyService({
      kind: 'vault',
      address: vault.url,
      token: () => new Secret('a-token'),
      transitKey: 'callwire',
      namespace: undefined,
    })
    const found = await keysSource({ kind: 'kept' }, { dataDir, service, random: randomBytes })
    expect(readFileSync(found.file ?? '', 'utf8')).toMatch(/^k1:vault:v1:/)
    expect(() => parseMasterRing(found.read())).toThrow('not the base64 of 32 bytes')
    const opened = await unwrapRing(service, found.read())
    expect(() => parseMasterRing(opened)).not.toThrow()
  })
})
