import { deriveServiceKeys } from '@callwire/crypto'
import type { Command } from 'commander'
import { requireMasterRing } from '../keys-source.ts'
import type { Context } from './context.ts'
import { keysGroup } from './keys-group.ts'

/** `keys derive`: each service's own keys, for installs whose services are not started by the launcher. */
export function registerKeysDerive(program: Command, context: Context): void {
  keysGroup(program)
    .command('derive')
    .description(
      'print the keys each service is given, as lines for an env file, from ENCRYPTION_KEYS or ENCRYPTION_KEY, or those of the system that runs here',
    )
    .action(async () => {
      const derived: Record<string, string> = deriveServiceKeys(await requireMasterRing(context))
      const lines = Object.entries(derived).map(([name, value]) => `${name}=${value}`)
      context.output().result(derived, lines.join('\n'))
    })
}
