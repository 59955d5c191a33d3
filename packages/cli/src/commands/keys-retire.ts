import type { Command } from 'commander'
import { CliFailure } from '../failure.ts'
import { kidsIn, readKeysFile, replaceKeysFile, withoutKid } from '../keys/keys-file.ts'
import { refused } from '../keys/next-step.ts'
import { operator, withKeyLife } from '../keys/with-key-life.ts'
import type { Context } from './context.ts'

const KEEP_A_COPY =
  'Backups that were made under it still need it: keep a copy for as long as you keep them.'

/** `keys retire`: processes drop the key, and its id is never used again. */
export function registerKeysRetire(keys: Command, context: Context): void {
  keys
    .command('retire <kid>')
    .description('give up a key that seals nothing any more, after a rotation and a verification')
    .option('--remove', 'also take it out of the keys file')
    .action(async (kid: string, options: { remove?: boolean }) => {
      const remove = options.remove === true
      await withKeyLife(context, async (life) => {
        const outcome = await life.retire(kid, operator)
        if (outcome.kind !== 'refused') return
        // Asked again for the file's sake: the key itself is where it should be.
        if (outcome.refusal.kind !== 'retired' || !remove) throw refused(outcome.refusal)
      })
      const file = context.target.keysFile()
      const removed = remove && removeFrom(file, kid)
      context
        .output()
        .result(
          { kid, state: 'retired', removed, keysFile: file },
          [
            `${kid} is retired; every process drops it within 2 s`,
            whatIsLeft({ kid, file, removed }),
            KEEP_A_COPY,
          ].join('\n'),
        )
    })
}

function removeFrom(file: string | null, kid: string): boolean {
  if (file === null) {
    throw new CliFailure(
      `${kid} is retired. No keys file is known here: take its entry out of ENCRYPTION_KEYS where that is set.`,
    )
  }
  const text = readKeysFile(file)
  if (!kidsIn(text).includes(kid)) return true
  const rest = withoutKid(text, kid)
  if (rest === null) throw new CliFailure(`${kid} is the only key in ${file}; it stays there.`)
  replaceKeysFile(file, rest)
  return true
}

function whatIsLeft(o: { kid: string; file: string | null; removed: boolean }): string {
  if (o.removed) return `its entry is out of ${o.file ?? ''}`
  return o.file === null
    ? `take its entry out of ENCRYPTION_KEYS where that is set`
    : `its entry is still in ${o.file}; take it out with: callwire keys retire ${o.kid} --remove`
}
