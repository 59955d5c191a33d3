import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { ServiceKeys } from '@callwire/crypto'

import { serviceNeeds, type Service } from './services.ts'

/** Where a service finds one of its rings. */
export function ringFile(dataDir: string, service: Service, name: keyof ServiceKeys): string {
  return join(ringsDir(dataDir), service, name)
}

/**
 * Writes each service's own rings, and removes what is left of others. A file is replaced as a whole: whoever reads it
 * meanwhile sees the old ring or the new one.
 */
export function writeRingFiles(
  dataDir: string,
  services: readonly Service[],
  keys: ServiceKeys,
): void {
  const root = ringsDir(dataDir)
  makeDir(root)
  removeOthers(root, services)
  for (const service of services) {
    const dir = join(root, service)
    makeDir(dir)
    const names = serviceNeeds[service].keys
    removeOthers(dir, names)
    for (const name of names) {
      const file = join(dir, name)
      writeFileSync(`${file}.new`, `${keys[name]}\n`, { mode: 0o600 })
      renameSync(`${file}.new`, file)
    }
  }
}

function ringsDir(dataDir: string): string {
  return join(dataDir, 'rings')
}

function makeDir(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
}

function removeOthers(dir: string, ours: readonly string[]): void {
  for (const name of readdirSync(dir)) {
    if (!ours.includes(name)) rmSync(join(dir, name), { recursive: true, force: true })
  }
}
