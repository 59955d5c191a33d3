import { readFileSync } from 'node:fs'
import { CryptoError, deriveServiceKeys, parseMasterRing } from '@callwire/crypto'
import type { Command } from 'commander'
import { CliFailure } from '../failure.ts'
import { openRing } from '../open-ring.ts'
import type { Environment } from '../target.ts'
import type { Context } from './context.ts'
import { keysGroup } from './keys-group.ts'

/** `keys derive`: each service's own keys, for installs whose services are not started by the launcher. */
export function registerKeysDerive(program: Command, context: Context): void {
  keysGroup(program)
    .command('derive')
    .description(
      'print the keys each service is given, as lines for an env file, from ENCRYPTION_KEYS or ENCRYPTION_KEY',
    )
    .action(async () => {
      const text = masterText(context.env)
      const derived: Record<string, string> = await derive(async () =>
        openRing(context.env, text, context.signal),
      )
      const lines = Object.entries(derived).map(([name, value]) => `${name}=${value}`)
      context.output().result(derived, lines.join('\n'))
    })
}

async function derive(open: () => Promise<string>) {
  try {
    return deriveServiceKeys(parseMasterRing(await open()))
  } catch (error) {
    // The library says what is wrong with a ring, and never what was in it.
    if (error instanceof CryptoError) throw new CliFailure(`ENCRYPTION_KEYS: ${error.message}.`)
    throw error
  }
}

function masterText(env: Environment): string {
  const ring = secret(env, 'ENCRYPTION_KEYS')
  if (ring !== undefined) return ring
  const single = secret(env, 'ENCRYPTION_KEY')
  if (single !== undefined) return `k1:${single}`
  throw new CliFailure(
    'Set ENCRYPTION_KEYS (kid:base64, …) or ENCRYPTION_KEY (base64 of 32 bytes); `openssl rand -base64 32` makes one.',
  )
}

function secret(env: Environment, name: string): string | undefined {
  const direct = env[name]
  if (direct !== undefined && direct !== '') return direct
  const path = env[`${name}_FILE`]
  if (path === undefined || path === '') return undefined
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    throw new CliFailure(`${name}_FILE names a file that can’t be read.`)
  }
}
