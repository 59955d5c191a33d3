import { hkdfExpand, hkdfExtract } from '../hkdf.ts'

const VERSION = Buffer.from('HPKE-v1')

/** LabeledExtract (RFC 9180 section 4). */
export function labeledExtract(
  suiteId: Uint8Array,
  salt: Uint8Array,
  label: string,
  inputKey: Uint8Array,
): Buffer {
  return hkdfExtract(salt, Buffer.concat([VERSION, suiteId, Buffer.from(label), inputKey]))
}

/** LabeledExpand (RFC 9180 section 4). `length` is in bytes. */
export function labeledExpand(
  suiteId: Uint8Array,
  pseudoRandomKey: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Buffer {
  const prefix = Buffer.alloc(2)
  prefix.writeUInt16BE(length)
  const labeledInfo = Buffer.concat([prefix, VERSION, suiteId, Buffer.from(label), info])
  return hkdfExpand(pseudoRandomKey, labeledInfo, length)
}
