import { createSecretKey, type KeyObject } from 'node:crypto'
import { KEY_BYTES } from '../aead.ts'
import { opaque, type Opaque } from '../opaque.ts'
import { parseRing, type Ring } from './ring.ts'

/** The installation's root keys (`ENCRYPTION_KEYS`), from which every other ring comes. */
export type MasterRing = Opaque<'MasterRing'>

/** Keys that seal content, wrap data keys and index what is sealed (`CONTENT_KEYS`). */
export type ContentRing = Opaque<'ContentRing'>

/** Keys that authenticate URLs and headers (`CALLBACK_KEYS`, `EDGE_KEYS`). */
export type MacRing = Opaque<'MacRing'>

export const masterRings = opaque<'MasterRing', Ring<KeyObject>>('MasterRing')
export const contentRings = opaque<'ContentRing', Ring<KeyObject>>('ContentRing')
export const macRings = opaque<'MacRing', Ring<KeyObject>>('MacRing')

/** Reads `kid:base64,…` of 32-byte keys; the first is primary. Throws `invalid_key`. */
export function parseMasterRing(text: string): MasterRing {
  return masterRings.hold(parseRing(text, KEY_BYTES, createSecretKey))
}

/** Reads `kid:base64,…` of 32-byte keys; the first is primary. Throws `invalid_key`. */
export function parseContentRing(text: string): ContentRing {
  return contentRings.hold(parseRing(text, KEY_BYTES, createSecretKey))
}

/** Reads `kid:base64,…` of 32-byte keys; the first is primary. Throws `invalid_key`. */
export function parseMacRing(text: string): MacRing {
  return macRings.hold(parseRing(text, KEY_BYTES, createSecretKey))
}
