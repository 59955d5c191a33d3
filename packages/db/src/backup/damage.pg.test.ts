import type { TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { idOf } from '../testing/fill-tenant.ts'
import { backedUp, type BackedUp } from './testing/backed-up.ts'
import { backupOf, newKeys } from './testing/backup-of.ts'
import { blockBorders, inChunks } from './testing/bytes.ts'
import { restoreRefused } from './testing/restore-refused.ts'

const keys = newKeys('k1', 'k2')
let from: TestDatabase
let sql: postgres.Sql
let file: Buffer
let world: BackedUp

beforeAll(async () => {
  world = await backedUp(keys)
  ;({ from, sql, file } = world)
})
afterAll(() => world[Symbol.asyncDispose]())

const refused = (bytes: Buffer, o = {}) => restoreRefused(bytes, keys, o)

// Without a trace in the target, each of them.

test('cut at each border of blocks, and around it', async () => {
  const borders = blockBorders(file)
  expect(borders.length).toBeGreaterThan(3)
  for (const border of borders) {
    for (const end of [border - 1, border, border + 1]) {
      if (end >= file.length) continue
      const result = await refused(file.subarray(0, end))
      expect([end, result]).toMatchObject([end, { code: 'damaged', traces: 0 }])
    }
  }
})

test('a byte more, and the whole twice', async () => {
  for (const more of [Buffer.of(0), file]) {
    const result = await refused(Buffer.concat([file, more]))
    expect(result).toMatchObject({ code: 'damaged', traces: 0 })
  }
})

test('two blocks swapped', async () => {
  const [a = 0, b = 0, c = 0] = blockBorders(file)
  const swapped = [file.subarray(0, a), file.subarray(b, c), file.subarray(a, b), file.subarray(c)]
  expect(await refused(Buffer.concat(swapped))).toMatchObject({ code: 'damaged', traces: 0 })
})

test.each([
  ['the format', () => 3, 'not_a_backup'],
  ['the id', () => file.indexOf('"id":"') + 6, 'damaged'],
  ['the date', () => file.indexOf('"createdAt":"') + 16, 'damaged'],
  ['a checksum', () => file.indexOf('"checksum":"') + 14, 'damaged'],
  ['the sealed key', () => file.indexOf('cw1c.k1.') + 60, 'damaged'],
  ['the salt', () => file.indexOf('"salt":"') + 9, 'damaged'],
  ['a frame', () => blockBorders(file)[1] ?? 0, 'damaged'],
  ['a length', () => (blockBorders(file)[1] ?? 0) + 4, 'damaged'],
  ['a block', () => (blockBorders(file)[1] ?? 0) + 4_000, 'damaged'],
  ['a tag', () => (blockBorders(file)[2] ?? 0) - 1, 'damaged'],
  ['the last byte', () => file.length - 1, 'damaged'],
])('one bit changed in %s', async (_name, place, code) => {
  const changed = Buffer.from(file)
  changed[place()] = (changed[place()] ?? 0) ^ 1
  expect(await refused(changed)).toMatchObject({ code, traces: 0 })
})

test('a file that is exchanged between the look and the load', async () => {
  await sql`update agents set name = 'another' where tenant_id = ${idOf('ten', 2)}`
  const { file: other } = await backupOf(from.serviceUrl('backup'), keys)
  let reads = 0
  const source = () => inChunks((reads += 1) === 1 ? file : other)
  expect(await refused(file, { source })).toMatchObject({ code: 'damaged', traces: 0 })
  expect(reads).toBe(2)
})
