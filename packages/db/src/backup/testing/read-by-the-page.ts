/**
 * docs/formats/backup.md read by a stranger: node:crypto, node:zlib, and of our own code only what
 * opens a sealed credential, which has a page and a stranger of its own.
 */
import { createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { openCredential, type OpenRing } from '@callwire/crypto'

export type PageTable = { name: string; columns: string[]; rows: string[][] }

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const lp = (...texts: string[]) =>
  Buffer.concat(texts.flatMap((text) => [u32(Buffer.byteLength(text)), Buffer.from(text)]))
const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest()

export function readByThePage(file: Buffer, ring: OpenRing): PageTable[] {
  const body = file.indexOf('\n', file.indexOf('\n') + 1) + 1
  const [name, json = ''] = file.subarray(0, body).toString().split('\n')
  if (name !== 'callwire-backup 1') throw new Error('another format')
  const header = JSON.parse(json) as { id: string; dataKey: string; salt: string }
  const context = { purpose: 'backup', tenantId: 'install', rowId: header.id, field: 'data_key' }
  const dataKey = Buffer.from(openCredential(ring, context, header.dataKey), 'base64url')
  const salt = Buffer.from(header.salt, 'base64url')
  const key = Buffer.from(hkdfSync('sha256', dataKey, salt, lp('cw1s', 'backup'), 32))
  const records = gunzipSync(blocksOf(file, body, key))
  return tablesOf(records)
}

function blocksOf(file: Buffer, body: number, key: Buffer): Buffer {
  const plain: Buffer[] = []
  let at = body
  for (let index = 0, last = 0; last === 0; index += 1) {
    last = file.readUInt8(at)
    const length = file.readUInt32BE(at + 1) - 16
    const sealed = file.subarray(at + 5, at + 5 + length + 16)
    const decipher = createDecipheriv(
      'aes-256-gcm',
      key,
      Buffer.concat([Buffer.alloc(8), u32(index)]),
    )
    const hash = sha256(file.subarray(0, body))
    decipher.setAAD(Buffer.concat([Buffer.from('cw1b'), hash, Buffer.of(last), u32(length)]))
    decipher.setAuthTag(sealed.subarray(length))
    plain.push(decipher.update(sealed.subarray(0, length)), decipher.final())
    at += 5 + length + 16
  }
  if (at !== file.length) throw new Error('something follows')
  return Buffer.concat(plain)
}

function tablesOf(records: Buffer): PageTable[] {
  const tables: PageTable[] = []
  let text = Buffer.alloc(0)
  for (let at = 0; ;) {
    const kind = String.fromCharCode(records.readUInt8(at))
    const payload = records.subarray(at + 5, at + 5 + records.readUInt32BE(at + 1))
    if (kind === 'R') text = Buffer.concat([text, payload])
    if (kind === 'T') {
      text = Buffer.alloc(0)
      const { name, columns } = JSON.parse(payload.toString()) as PageTable
      tables.push({ name, columns, rows: [] })
    }
    if (kind === 'E') {
      const end = JSON.parse(payload.toString()) as { rows: number; sha256: string }
      const rows = text.toString().split('\n').slice(0, -1)
      if (rows.length !== end.rows || sha256(text).toString('hex') !== end.sha256) {
        throw new Error('other rows')
      }
      tables.at(-1)?.rows.push(...rows.map((row) => row.split('\t')))
    }
    if (kind === 'Z') {
      const done = JSON.parse(payload.toString()) as { sha256: string }
      if (sha256(records.subarray(0, at)).toString('hex') !== done.sha256) throw new Error('other')
      return tables
    }
    at += 5 + payload.length
  }
}
