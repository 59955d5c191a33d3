import type { Command } from 'commander'
import type { Context } from './context.ts'
import { keysGroup } from './keys-group.ts'
import { registerKeysIntroduce } from './keys-introduce.ts'
import { registerKeysJobs } from './keys-jobs.ts'
import { registerKeysPromote } from './keys-promote.ts'
import { registerKeysRetire } from './keys-retire.ts'
import { registerKeysStatus } from './keys-status.ts'

/** `keys …`: the life of the encryption keys, in the order in which a rotation takes its steps. */
export function registerKeys(program: Command, context: Context): void {
  const keys = keysGroup(program)
  registerKeysStatus(keys, context)
  registerKeysIntroduce(keys, context)
  registerKeysPromote(keys, context)
  registerKeysJobs(keys, context)
  registerKeysRetire(keys, context)
}
