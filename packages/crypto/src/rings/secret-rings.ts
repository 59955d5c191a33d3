import { createSecretKey, type KeyObject } from 'node:crypto'
import { KEY_BYTES } from '../aead.ts'
import type { Opaque } from '../opaque.ts'
import { ringKind } from './ring-kind.ts'

/** The installation's root keys (`ENCRYPTION_KEYS`), from which every other ring comes. */
export type MasterRing = Opaque<'MasterRing'>

/** Keys that seal content, wrap data keys and index what is sealed (`CONTENT_KEYS`). */
export type ContentRing = Opaque<'ContentRing'>

/** Keys that authenticate URLs and headers (`CALLBACK_KEYS`, `EDGE_KEYS`). */
export type MacRing = Opaque<'MacRing'>

export const masterRings = secretRings('MasterRing')
export const contentRings = secretRings('ContentRing')
export const macRings = secretRings('MacRing')

/** Reads `kid:base64,…` of 32-byte keys; the first is primary. Throws `invalid_key`. */
export function parseMasterRing(text: string): MasterRing {
  return masterRings.parse(text)
}

/** Reads `kid:base64,…` of 32-byte keys; the first is primary. Throws `invalid_key`. */
export function parseContentRing(text: string): ContentRing {
  return contentRings.parse(text)
}

/** Reads `kid:base64,…` of 32-byte keys; the first is primary. Throws `invalid_key`. */
export function parseMacRing(text: string): MacRing {
  return macRings.parse(text)
}

function secretRings<Label extends string>(label: Label) {
  return ringKind({
    label,
    keyBytes: KEY_BYTES,
    importKey: (bytes) => createSecretKey(bytes),
    checkParts: (secret: KeyObject) => ({ secret }),
  })
}
