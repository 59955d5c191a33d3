import {
  CryptoError,
  deriveServiceKeys,
  describeRing,
  parseMasterRing,
  parseOpenRing,
  type MasterRing,
  type OpenRing,
} from '@callwire/crypto'
import type { KeyCheck } from '@callwire/db/backup'
import { checkName, parseNamedRing, type RingName } from '@callwire/keyring'
import type { Context } from './commands/context.ts'
import { CliFailure } from './failure.ts'
import { openRing } from './open-ring.ts'
import { secretFile, secretVariable } from './secret-variable.ts'

/** What finding keys needs of a command's context. */
export type KeysContext = Pick<Context, 'env' | 'target' | 'signal'>

/** Takes the wrapping of a key service away, where there is one. */
export type Unwrap = (text: string) => Promise<string>

const SET_THEM =
  'Set ENCRYPTION_KEYS (kid:base64, …) or ENCRYPTION_KEY (base64 of 32 bytes); `openssl rand -base64 32` makes one.'

/**
 * The installation's master ring: what the environment says, else the keys file of the system that
 * runs here; unwrapped when a key service keeps it. Null when there is none.
 */
export async function findMasterRing(
  context: KeysContext,
  unwrap: Unwrap = (text) => openRing(context.env, text, context.signal),
): Promise<MasterRing | null> {
  const text = masterText(context)
  return text === null
    ? null
    : withReason('ENCRYPTION_KEYS', async () => parseMasterRing(await unwrap(text)))
}

/** As `findMasterRing`; says what to set where there is none. */
export async function requireMasterRing(
  context: KeysContext,
  unwrap?: Unwrap,
): Promise<MasterRing> {
  const ring = await findMasterRing(context, unwrap)
  if (ring === null) throw new CliFailure(SET_THEM)
  return ring
}

/** What a backup is sealed with: `BACKUP_SEAL_KEYS` alone, or what follows from the master ring. */
export async function backupSealKeys(
  context: KeysContext,
): Promise<{ text: string; checks: KeyCheck[] }> {
  const text = secretVariable(context.env, 'BACKUP_SEAL_KEYS')
  if (text !== undefined) {
    const ring = await withReason('BACKUP_SEAL_KEYS', () =>
      parseNamedRing('BACKUP_SEAL_KEYS', text),
    )
    return { text, checks: describeRing(ring).keys.map((key) => ({ ring: 'backup', ...key })) }
  }
  const master = await findMasterRing(context)
  if (master === null) {
    throw new CliFailure(
      'No keys were found. Set BACKUP_SEAL_KEYS, which `callwire keys derive` prints, or ENCRYPTION_KEYS.',
    )
  }
  const derived = deriveServiceKeys(master)
  return { text: derived.BACKUP_SEAL_KEYS, checks: checksOf(derived) }
}

/** What a backup is opened with: `BACKUP_OPEN_KEYS` alone, or what follows from the master ring. */
export async function backupOpenRing(
  context: KeysContext,
): Promise<{ ring: OpenRing; checks: KeyCheck[] }> {
  const text = secretVariable(context.env, 'BACKUP_OPEN_KEYS')
  if (text !== undefined) {
    return { ring: await withReason('BACKUP_OPEN_KEYS', () => parseOpenRing(text)), checks: [] }
  }
  const master = await findMasterRing(context)
  if (master === null) {
    throw new CliFailure(
      'No keys were found. Set ENCRYPTION_KEYS, with every key that the backup needs, or BACKUP_OPEN_KEYS.',
    )
  }
  const derived = deriveServiceKeys(master)
  return { ring: parseOpenRing(derived.BACKUP_OPEN_KEYS), checks: checksOf(derived) }
}

/** The check values of every ring that follows from a master ring, as databases record them. */
function checksOf(derived: Readonly<Record<RingName, string>>): KeyCheck[] {
  return Object.entries(derived).flatMap(([name, text]) => {
    const ring = checkName(name as RingName)
    const { keys } = describeRing(parseNamedRing(name as RingName, text))
    return keys.map((key) => ({ ring, ...key }))
  })
}

function masterText({ env, target }: KeysContext): string | null {
  const ring = secretVariable(env, 'ENCRYPTION_KEYS')
  const single = secretVariable(env, 'ENCRYPTION_KEY')
  if (ring !== undefined && single !== undefined) {
    throw new CliFailure('ENCRYPTION_KEYS and ENCRYPTION_KEY are both set; keep one.')
  }
  if (ring !== undefined) return ring
  if (single !== undefined) return `k1:${single}`
  const file = target.keysFile()
  return file === null ? null : secretFile(file, 'The keys of the running system are in')
}

async function withReason<T>(name: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    // The library says what is wrong with a ring, and never what was in it.
    if (error instanceof CryptoError) throw new CliFailure(`${name}: ${error.message}.`)
    throw error
  }
}
