import { CryptoError, type ServiceKeys } from '@callwire/crypto'
import { connectProvisioner } from '@callwire/db'
import { requireKnownKeys } from '@callwire/keyring'
import { createKeyService, createRingOpener, persistent } from '@callwire/key-service'
import { AppError, systemRandom, type Clock, type Logger } from '@callwire/runtime'

import type { LauncherConfig } from './config.ts'
import type { Console } from './console.ts'
import { deriveFrom, followKeys, kidsOf } from './follow-keys.ts'
import { keysSource } from './keys-source.ts'
import { writeRingFiles } from './ring-files.ts'
import type { Service } from './services.ts'

/** The master ring of this run, opened, and what follows from it. */
export type MasterKeys = {
  /** The file that is read again and again, or null. */
  readonly file: string | null
  /** Refuses to go on when rows are sealed under a key that is not there. */
  requireComplete(migratorUrl: string): Promise<void>
  /** Hands every service its rings, now and whenever the file changes. Disposing ends the looking. */
  handOut(o: { migratorUrl: string; services: readonly Service[] }): AsyncDisposable
}

type Deps = {
  readonly config: Pick<LauncherConfig, 'masterKeys' | 'keyService'>
  readonly dataDir: string
  readonly clock: Clock
  readonly log: Logger
  readonly console: Console
  readonly signal: AbortSignal
}

const variable = 'ENCRYPTION_KEYS'

/** Reads the master ring, and has it opened where a key service keeps it wrapped. */
export async function openMasterKeys(deps: Deps): Promise<MasterKeys> {
  const { config, dataDir, clock, log, console, signal } = deps
  const service =
    config.keyService === null
      ? null
      : persistent(createKeyService(config.keyService), { clock, random: systemRandom, signal })
  if (service !== null) console.progress('asking the key service for the keys')
  const source = await keysSource(config.masterKeys, { dataDir, service, random: systemRandom })
  const opener = service === null ? null : createRingOpener(service)
  const open = async (text: string): Promise<string> =>
    opener === null ? Promise.resolve(text) : opener.open(text)
  const text = source.read()
  const keys = await derived(open, text)

  return {
    file: source.file,
    requireComplete: async (migratorUrl) => requireKnown(migratorUrl, kidsOf(keys)),
    handOut({ migratorUrl, services }) {
      const write = (next: ServiceKeys): void => writeRingFiles(dataDir, services, next)
      write(keys)
      if (source.file === null) return { [Symbol.asyncDispose]: async () => Promise.resolve() }
      return followKeys({
        source,
        open,
        requireUnused: async ({ gone, left }) => requireUnused(migratorUrl, gone, left),
        write,
        keys,
        text,
        clock,
        signal,
        log,
        tell: (sentence) => {
          if (console.forPerson) console.progress(sentence)
        },
      })
    },
  }
}

/** A file may have changed since the configuration was checked, and what a service unwrapped was never checked. */
async function derived(
  open: (text: string) => Promise<string>,
  text: string,
): Promise<ServiceKeys> {
  try {
    return await deriveFrom(open, text)
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    throw new AppError({
      code: 'config_invalid',
      message: `${variable}: ${error.message}.`,
      level: 'fatal',
    })
  }
}

async function requireKnown(migratorUrl: string, kids: readonly string[]): Promise<void> {
  const provisioner = connectProvisioner({ url: migratorUrl })
  try {
    await requireKnownKeys(provisioner.keys, kids, { variable })
  } finally {
    await provisioner.close()
  }
}

async function requireUnused(
  migratorUrl: string,
  gone: readonly string[],
  left: readonly string[],
): Promise<void> {
  const provisioner = connectProvisioner({ url: migratorUrl })
  try {
    await requireKnownKeys(provisioner.keys, left, { variable })
    const primary = (await provisioner.keys.records()).find((record) => record.primary)?.kid
    if (primary === undefined || !gone.includes(primary)) return
    throw new AppError({
      code: 'key_missing',
      message: `This install seals with key ${primary}: put it back, or promote another one first.`,
    })
  } finally {
    await provisioner.close()
  }
}
