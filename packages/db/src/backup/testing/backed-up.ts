import { testDatabase, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { fillTenant } from '../../testing/fill-tenant.ts'
import { superClient } from '../../testing/super-client.ts'
import { backupOf, type Keys } from './backup-of.ts'
import { fillOddly } from './fill-oddly.ts'

/** A database with two tenants and every odd value that a row may hold, and its backup. */
export type BackedUp = AsyncDisposable & {
  from: TestDatabase
  sql: postgres.Sql
  file: Buffer
}

export async function backedUp(keys: Keys): Promise<BackedUp> {
  const from = await testDatabase()
  const sql = superClient(from.url)
  await fillTenant(sql, 1)
  await fillTenant(sql, 2)
  await fillOddly(sql)
  const { file } = await backupOf(from.serviceUrl('backup'), keys)
  return {
    from,
    sql,
    file,
    [Symbol.asyncDispose]: async () => {
      await sql[Symbol.asyncDispose]()
      await from.drop()
    },
  }
}
