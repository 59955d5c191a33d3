import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { createRecordWriter, readRecords, type BackupRecord } from './records.ts'
import { inChunks } from './testing/bytes.ts'

const table = { name: 'calls', columns: ['id', 'sealed'], sealed: ['sealed'] }
const rows = Buffer.from('a\tcw1d.k1.x.y\nb\\nc\t\\N\n')
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

function written(): Buffer[] {
  const writer = createRecordWriter()
  return [
    writer.table(table),
    ...writer.rows(rows.subarray(0, 3)),
    ...writer.rows(rows.subarray(3)),
    writer.end(),
    writer.table({ ...table, name: 'empty' }),
    writer.end(),
    writer.done(),
  ]
}

async function read(records: readonly Buffer[], chunk?: number) {
  const all: BackupRecord[] = []
  for await (const record of readRecords(inChunks(Buffer.concat(records), chunk))) all.push(record)
  return all
}

test.each([1, 2, 7, 1_000])('records come back, in chunks of %i bytes', async (chunk) => {
  const all = await read(written(), chunk)
  expect(all.map(({ kind }) => kind)).toEqual([
    'table',
    'rows',
    'rows',
    'end',
    'table',
    'end',
    'done',
  ])
  expect(all[0]).toEqual({ kind: 'table', table })
  expect(all[3]).toEqual({ kind: 'end', rows: 2, sha256: sha256(rows) })
  expect(all[6]).toMatchObject({
    tables: 2,
    rows: 2,
    sha256: sha256(Buffer.concat(written().slice(0, -1))),
  })
})

test('rows larger than a record are cut', async () => {
  const writer = createRecordWriter()
  const long = Buffer.concat([Buffer.alloc(3_000_000, 'x'), Buffer.from('\n')])
  const records = [writer.table(table), ...writer.rows(long), writer.end(), writer.done()]
  const all = await read(records, 100_000)
  const parts = all.flatMap((record) => (record.kind === 'rows' ? [record.bytes] : []))
  expect(Buffer.concat(parts).equals(long)).toBe(true)
  expect(all.at(-1)).toMatchObject({ kind: 'done', rows: 1 })
})

const raw = (kind: string, text: string) => {
  const head = Buffer.from(`${kind}....`)
  head.writeUInt32BE(text.length, 1)
  return Buffer.concat([head, Buffer.from(text)])
}
const pick = (...indexes: number[]) => indexes.map((index) => written()[index] ?? Buffer.alloc(0))

test.each<[string, Buffer[]]>([
  ['nothing', []],
  ['no end of the file', written().slice(0, -1)],
  ['no end of a table', pick(0, 1, 2, 4, 5, 6)],
  ['a table inside a table', pick(0, 0)],
  ['rows outside a table', pick(1)],
  ['an end outside a table', pick(3)],
  ['a piece of rows left out', pick(0, 2, 3)],
  ['pieces of rows swapped', pick(0, 2, 1, 3)],
  ['a table left out', pick(0, 1, 2, 3, 6)],
  ['tables swapped', pick(4, 5, 0, 1, 2, 3, 6)],
  ['something after the end', [...written(), Buffer.of(0)]],
  ['an unknown record', [raw('Q', '')]],
  ['a record that is cut', [...pick(0), Buffer.from('R\0\0\0\x09abc')]],
  ['a record beyond the limit', [Buffer.from([0x54, 0x7f, 0xff, 0xff, 0xff])]],
  ['no JSON', [raw('T', '{')]],
  ['a table without columns', [raw('T', '{"name":"a","columns":[],"sealed":[]}')]],
  ['more than was agreed', [raw('T', '{"name":"a","columns":["b"],"sealed":[],"more":1}')]],
])('%s is refused', async (_name, records) => {
  await expect(read(records)).rejects.toMatchObject({ code: 'damaged' })
})

test('a table whose hash is not that of its rows is not ended', async () => {
  const given: string[] = []
  const end = raw('E', JSON.stringify({ rows: 2, sha256: 'a'.repeat(64) }))
  const reading = async () => {
    const records = Buffer.concat([...pick(0, 1, 2), end])
    for await (const { kind } of readRecords(inChunks(records))) given.push(kind)
  }
  await expect(reading()).rejects.toMatchObject({ code: 'damaged' })
  expect(given).toEqual(['table', 'rows', 'rows'])
})
