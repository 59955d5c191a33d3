import { testDatabase } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { fillTenant, idOf } from '../testing/fill-tenant.ts'
import { superClient } from '../testing/super-client.ts'
import { backupOf, contentOf, newKeys } from './testing/backup-of.ts'
import { fillOddly } from './testing/fill-oddly.ts'
import { readByThePage } from './testing/read-by-the-page.ts'

test('a backup is what its page says', async () => {
  const keys = newKeys('k1')
  await using database = await testDatabase()
  await using sql = superClient(database.url)
  await fillTenant(sql, 1)
  await fillTenant(sql, 2)
  await fillOddly(sql)
  const { file, summary } = await backupOf(database.serviceUrl('backup'), keys)
  const tables = readByThePage(file, keys.ring)
  const content = await contentOf(sql)
  expect(tables.map(({ name }) => name).toSorted()).toEqual(Object.keys(content).toSorted())
  expect(tables.reduce((sum, { rows }) => sum + rows.length, 0)).toBe(summary.rows)
  for (const { name, rows } of tables) {
    if (name !== 'schema_scripts') expect(rows).toHaveLength(content[name]?.length ?? 0)
  }
  const calls = tables.find(({ name }) => name === 'calls')
  expect(calls?.columns).not.toContain('person_kid')
  expect(calls?.rows.map((row) => row[calls.columns.indexOf('id')]).toSorted()).toEqual([
    idOf('cal', 1),
    idOf('cal', 2),
  ])
})
