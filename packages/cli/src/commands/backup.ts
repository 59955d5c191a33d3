import { backupDatabase } from '@callwire/db/backup'
import { systemClock } from '@callwire/runtime'
import type { Command } from 'commander'
import { createProgress, inBytes, inRows } from '../backup/progress.ts'
import { requireFree, writeWhole } from '../backup/whole-file.ts'
import { backupSealKeys } from '../keys-source.ts'
import { secretVariable } from '../secret-variable.ts'
import type { Context } from './context.ts'

/** `backup`: the whole database in one sealed file. */
export function registerBackup(program: Command, context: Context): void {
  program
    .command('backup')
    .description(
      'write the whole database, of one moment, into a sealed file that `callwire restore` reads',
    )
    .argument('[file]', 'otherwise callwire-<time>.backup in this folder')
    .option('--force', 'replace the file where it exists')
    .action(async (given: string | undefined, options: { force?: boolean }) => {
      const force = options.force === true
      const file = given ?? `callwire-${stamp(systemClock.now())}.backup`
      const url = secretVariable(context.env, 'DATABASE_URL_BACKUP') ?? context.target.databaseUrl()
      await requireFree(file, force)
      const { text, checks } = await backupSealKeys(context)
      const progress = createProgress(context.stderr, () => systemClock.monotonicMs())
      let size = 0
      try {
        const { header, tables, rows } = await backupDatabase({
          url,
          sealKeys: text,
          checks,
          clock: systemClock,
          signal: context.signal,
          onProgress: ({ table, rows: done, bytes }) =>
            progress.show(() => `${table}: ${inRows(done)}, ${inBytes(bytes)}`),
          write: async (content) => {
            size = await writeWhole(file, { force }, content)
          },
        })
        progress.end()
        const { id, kid, createdAt, migrations } = header
        const schema = migrations.at(-1)?.name ?? null
        context
          .output()
          .result(
            { file, bytes: size, id, createdAt, kid, schema, tables, rows },
            [
              `${file}: ${inRows(rows)} of ${tables} tables, ${inBytes(size)}`,
              `sealed under key ${kid}: keep that key for as long as this file`,
            ].join('\n'),
          )
      } finally {
        progress.end()
      }
    })
}

/** A time that sorts, without what file names may not hold. */
function stamp(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '-')
}
