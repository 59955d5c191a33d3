import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { deriveServiceKeys, parseMasterRing } from '@callwire/crypto'
import { scratchDir } from '@callwire/testkit'
import { afterEach, beforeEach, expect, it } from 'vitest'

import { ringFile, writeRingFiles } from './ring-files.ts'
import { serviceNeeds, type Service } from './services.ts'

const keysOf = (byte: number) =>
  deriveServiceKeys(parseMasterRing(`k1:${Buffer.alloc(32, byte).toString('base64')}`))
const services = Object.keys(serviceNeeds) as Service[]

let dir: string
beforeEach(async () => {
  dir = await scratchDir('ring-files')
})
afterEach(async () => {
  await rm(dir, { recursive: true, force: true })
})

const modeOf = (path: string): number => statSync(path).mode & 0o777

it('gives each service its own rings and nothing else, for this user alone', () => {
  const keys = keysOf(1)
  writeRingFiles(dir, services, keys)
  expect(modeOf(join(dir, 'rings'))).toBe(0o700)
  for (const service of services) {
    const own = join(dir, 'rings', service)
    expect(modeOf(own)).toBe(0o700)
    expect(readdirSync(own).sort()).toEqual([...serviceNeeds[service].keys].sort())
    for (const name of serviceNeeds[service].keys) {
      const file = ringFile(dir, service, name)
      expect(modeOf(file)).toBe(0o600)
      expect(readFileSync(file, 'utf8')).toBe(`${keys[name]}\n`)
    }
  }
})

it('replaces a file as a whole', () => {
  writeRingFiles(dir, ['dialer'], keysOf(1))
  const file = ringFile(dir, 'dialer', 'CONTENT_KEYS')
  const { ino } = statSync(file)
  writeRingFiles(dir, ['dialer'], keysOf(2))
  expect(readFileSync(file, 'utf8')).toBe(`${keysOf(2).CONTENT_KEYS}\n`)
  expect(statSync(file).ino).not.toBe(ino)
})

it('leaves nothing behind of a service that does not run, nor of a ring that has moved', () => {
  writeRingFiles(dir, services, keysOf(1))
  writeFileSync(ringFile(dir, 'gateway', 'CREDENTIAL_OPEN_KEYS'), 'from an older version')
  mkdirSync(join(dir, 'rings', 'dashboard'))
  writeRingFiles(dir, ['gateway', 'copilot'], keysOf(1))
  expect(readdirSync(join(dir, 'rings')).sort()).toEqual(['copilot', 'gateway'])
  expect(existsSync(ringFile(dir, 'gateway', 'CREDENTIAL_OPEN_KEYS'))).toBe(false)
  expect(existsSync(ringFile(dir, 'gateway', 'CREDENTIAL_SEAL_KEYS'))).toBe(true)
})
