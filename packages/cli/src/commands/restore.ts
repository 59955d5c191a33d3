import {
  checkBackup,
  restoreDatabase,
  type BackupContent,
  type RestoreProgress,
} from '@callwire/db/backup'
import { systemClock } from '@callwire/runtime'
import type { Command } from 'commander'
import { createProgress, inBytes, inRows } from '../backup/progress.ts'
import { readWhole, sizeOf } from '../backup/whole-file.ts'
import { backupOpenRing } from '../keys-source.ts'
import type { Context } from './context.ts'

type Options = { check?: boolean; pauseDialing?: boolean }

const phases = { checking: 'reading', loading: 'loading', comparing: 'comparing' } as const

/** `restore`: a database from a sealed file. */
export function registerRestore(program: Command, context: Context): void {
  program
    .command('restore')
    .description('fill an empty or unused database from a file that `callwire backup` wrote')
    .argument('<file>', 'the backup')
    .option('--check', 'read the whole file and touch no database')
    .option('--pause-dialing', 'pause dialing for every tenant, until somebody has looked')
    .action(async (file: string, options: Options) => {
      const bytes = await sizeOf(file)
      const { ring, checks } = await backupOpenRing(context)
      const progress = createProgress(context.stderr, () => systemClock.monotonicMs())
      const show = ({ phase, table, rows }: RestoreProgress) =>
        progress.show(() => `${phases[phase]}${table === null ? '' : ` ${table}`}: ${inRows(rows)}`)
      const source = () => readWhole(file)
      const { signal } = context
      try {
        if (options.check === true) {
          const onProgress = ({ rows }: { rows: number }) =>
            show({ phase: 'checking', table: null, rows })
          const content = await checkBackup({ source, ring, signal, onProgress })
          progress.end()
          const text = [`${file} is whole`, ...described(content, bytes)]
          context.output().result({ file, bytes, ...viewOf(content) }, text.join('\n'))
          return
        }
        const url = context.target.databaseUrl()
        const pauseDialing = options.pauseDialing === true
        const restored = await restoreDatabase({
          ...{ url, source, ring, checks, pauseDialing, signal },
          onProgress: show,
        })
        progress.end()
        const { migrated, queuedCalls } = restored
        context.output().result(
          {
            ...{ file, bytes, ...viewOf(restored) },
            ...{ migrated, queuedCalls, dialingPaused: pauseDialing },
          },
          [
            `${file} is restored`,
            ...described(restored, bytes),
            ...(migrated.length === 0 ? [] : [`brought to this version by ${migrated.join(', ')}`]),
            ...waiting(queuedCalls, pauseDialing),
          ].join('\n'),
        )
      } finally {
        progress.end()
      }
    })
}

function viewOf({ header, tables, rows, keys }: BackupContent) {
  const { id, createdAt, kid, migrations } = header
  return { id, createdAt, kid, schema: migrations.at(-1)?.name ?? null, tables, rows, keys }
}

function described({ header, tables, rows, keys }: BackupContent, bytes: number): string[] {
  const kids = [...new Set(keys.map(({ kid }) => kid))]
  return [
    `made ${header.createdAt}: ${inRows(rows)} of ${tables} tables, ${inBytes(bytes)}`,
    kids.length === 0
      ? `sealed under key ${header.kid}`
      : `sealed under key ${header.kid}; its rows need ${kids.join(', ')}`,
  ]
}

function waiting(calls: number, paused: boolean): string[] {
  if (paused) return ['dialing is paused for every tenant; each takes it up again in its settings']
  if (calls === 0) return []
  const are = calls === 1 ? '1 call was' : `${calls} calls were`
  return [`${are} waiting to be dialed when the backup was made, and will be dialed now`]
}
