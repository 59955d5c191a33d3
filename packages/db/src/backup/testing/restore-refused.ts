import { testDatabase } from '@callwire/testkit'
import { superClient } from '../../testing/super-client.ts'
import { restoreInto, type Keys } from './backup-of.ts'

/** How a restore into an empty database was refused, and how many schemas it left there. */
export async function restoreRefused(
  bytes: Buffer,
  keys: Pick<Keys, 'ring'>,
  o: Parameters<typeof restoreInto>[3] = {},
): Promise<{ code: string; message: string; traces: number }> {
  await using to = await testDatabase({ empty: true })
  const failure = await restoreInto(to.url, bytes, keys, o).then(
    () => ({ code: 'restored', message: '' }),
    (error: unknown) => error as { code: string; message: string },
  )
  await using target = superClient(to.url)
  const schemas = await target`select nspname from pg_namespace 
    where nspname in ('app', 'finder', 'batch')`
  return { code: failure.code, message: failure.message, traces: schemas.length }
}
