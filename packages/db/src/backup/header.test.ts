import { expect, test } from 'vitest'
import { createByteReader } from './byte-reader.ts'
import { encodeHeader, readHeader, type BackupHeader } from './header.ts'
import { inChunks } from './testing/bytes.ts'

const header: BackupHeader = {
  id: 'a'.repeat(32),
  createdAt: '2026-01-05T10:00:00.000Z',
  kid: 'k1',
  migrations: [{ name: '0001-tables.sql', checksum: 'b'.repeat(64) }],
  dataKey: 'cw1c.k1.x.y',
  salt: 'c'.repeat(22),
}
const text = encodeHeader(header).toString()
const read = (changed: string) => readHeader(createByteReader(inChunks(Buffer.from(changed), 10)))

test('is two lines that anybody can read, and comes back', async () => {
  expect(text.split('\n')).toEqual(['callwire-backup 1', JSON.stringify(header), ''])
  expect((await read(`${text}rest`)).header).toEqual(header)
})

test('every byte of it counts', async () => {
  const { hash } = await read(text)
  const { hash: other } = await read(text.replace('2026', '2027'))
  expect(other.equals(hash)).toBe(false)
})

test.each([
  ['nothing', '', 'not_a_backup'],
  ['something else', 'PGDMP…', 'not_a_backup'],
  ['something else that is long', 'x'.repeat(200_000), 'not_a_backup'],
  ['a later format', text.replace('backup 1', 'backup 2'), 'newer'],
  ['one line', 'callwire-backup 1\n', 'damaged'],
  ['a line without end', 'callwire-backup 1\n' + ' '.repeat(200_000), 'damaged'],
  ['no JSON', 'callwire-backup 1\n{\n', 'damaged'],
  ['a field left out', text.replace('"kid":"k1",', ''), 'damaged'],
  ['a field more', text.replace('"kid"', '"more":1,"kid"'), 'damaged'],
  ['a field twice', text.replace('"kid"', '"kid":"k2","kid"'), 'damaged'],
  ['a blank more', text.replace('"kid":', '"kid": '), 'damaged'],
  ['a key id that is none', text.replace('"k1"', '"K1"'), 'damaged'],
  ['a salt of another length', text.replace('c'.repeat(22), 'c'.repeat(21)), 'damaged'],
])('%s is refused', async (_name, changed, code) => {
  await expect(read(changed)).rejects.toMatchObject({ code })
})
