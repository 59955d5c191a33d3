import type { Command } from 'commander'
import { refused } from '../keys/next-step.ts'
import { operator, withKeyLife } from '../keys/with-key-life.ts'
import type { Context } from './context.ts'

/** `keys promote`: from now on this key seals. */
export function registerKeysPromote(keys: Command, context: Context): void {
  keys
    .command('promote <kid>')
    .description('make an introduced key the one that seals, once every live process holds it')
    .action(async (kid: string) => {
      const outcome = await withKeyLife(context, (life) => life.promote(kid, operator))
      if (outcome.kind === 'refused') throw refused(outcome.refusal)
      const { from } = outcome
      context
        .output()
        .result(
          { kid, from, state: 'primary' },
          `${kid} is the primary key in place of ${from}; every process seals with it within 2 s\nnext: callwire keys rotate`,
        )
    })
}
