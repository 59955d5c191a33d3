import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { blindIndex } from './blind-index.ts'
import { openContent, sealUnderRing } from './content.ts'
import { openCredential, sealCredentialWith } from './credential.ts'
import {
  createDataKeyWith,
  openDataKey,
  openWithDataKey,
  sealWithDataKeyAnd,
  type DataKeyContext,
} from './data-key.ts'
import { keyPairOf } from './hpke/x25519.ts'
import { macToken, verifyMacToken } from './mac.ts'
import { deriveServiceKeys } from './rings/derive-service-keys.ts'
import { parseOpenRing, parseSealRing } from './rings/hpke-rings.ts'
import { describeRing, type KeyRing } from './rings/live-rings.ts'
import { parseContentRing, parseMacRing, parseMasterRing } from './rings/secret-rings.ts'
import { openObject, sealObjectWith } from './sealed-object.ts'
import { createStreamKey, openBlock, sealBlock } from './stream-key.ts'
import * as reader from './testing/format-reader.ts'
import type { Vectors } from './testing/format-reader.ts'

const page = readFileSync(new URL('../FORMAT.md', import.meta.url), 'utf8')
const json = /^```json\n(.*)^```/ms.exec(page)?.[1] ?? ''
const vectors = JSON.parse(json) as Vectors
const hex = (text: string) => Buffer.from(text, 'hex')

const master = parseMasterRing(vectors.serviceKeys.ENCRYPTION_KEYS)
const keys = deriveServiceKeys(master)
const content = parseContentRing(keys.CONTENT_KEYS)
const call: DataKeyContext = vectors.dataKey

function parserOf(name: string): (text: string) => KeyRing {
  if (name.endsWith('_SEAL_KEYS')) return parseSealRing
  if (name.endsWith('_OPEN_KEYS')) return parseOpenRing
  return name === 'CONTENT_KEYS' ? parseContentRing : parseMacRing
}

describe('the vectors of FORMAT.md, by this package', () => {
  it('derive the keys of the services', () => {
    expect(keys).toEqual(vectors.serviceKeys.derived)
  })

  it('seal and open a credential', () => {
    const { context, plaintext, ephemeralPrivateKey, sealed } = vectors.credential
    const ring = parseSealRing(keys.CREDENTIAL_SEAL_KEYS)
    const ephemeral = keyPairOf(hex(ephemeralPrivateKey))
    expect(sealCredentialWith(ephemeral, ring, context, plaintext)).toBe(sealed)
    const open = parseOpenRing(keys.CREDENTIAL_OPEN_KEYS)
    expect(openCredential(open, context, sealed)).toBe(plaintext)
  })

  it('seal and open content', () => {
    const { context, plaintext, salt, sealed } = vectors.content
    expect(sealUnderRing('cw1d', hex(salt), content, context, plaintext)).toBe(sealed)
    expect(openContent(content, context, sealed).toString()).toBe(plaintext)
  })

  it('wrap a data key and seal words with it', () => {
    const { key, salt, wrapped } = vectors.dataKey
    const made = createDataKeyWith(hex(key), hex(salt), content, call)
    expect(made.wrapped).toBe(wrapped)
    const { words } = vectors
    const sealed = sealWithDataKeyAnd(hex(words.salt), made.dataKey, words.context, words.plaintext)
    expect(sealed).toBe(words.sealed)
    const opened = openDataKey(content, call, wrapped)
    expect(openWithDataKey(opened, words.context, sealed).toString()).toBe(words.plaintext)
  })

  it('seal and open an object', () => {
    const { context, plaintext, salt, sealed } = vectors.object
    const dataKey = openDataKey(content, call, vectors.dataKey.wrapped)
    expect(sealObjectWith(hex(salt), dataKey, context, hex(plaintext)).toString('hex')).toBe(sealed)
    expect(openObject(dataKey, context, hex(sealed)).toString('hex')).toBe(plaintext)
  })

  it('seal and open a block', () => {
    const { streamId, salt, index, header, plaintext, sealed } = vectors.block
    const dataKey = openDataKey(content, call, vectors.dataKey.wrapped)
    const streamKey = createStreamKey(dataKey, { streamId, salt: hex(salt) })
    const place = { index, header: hex(header) }
    expect(sealBlock(streamKey, place, hex(plaintext)).toString('hex')).toBe(sealed)
    expect(openBlock(streamKey, place, hex(sealed)).toString('hex')).toBe(plaintext)
  })

  it('index a value', () => {
    const { index, value, ...scope } = vectors.blindIndex
    expect(blindIndex(content, scope, value)).toEqual(index)
  })

  it('authenticate a message', () => {
    const { purpose, message, token } = vectors.macToken
    const ring = parseMacRing(keys.CALLBACK_KEYS)
    expect(macToken(ring, purpose, message)).toBe(token)
    expect(verifyMacToken(ring, purpose, message, token)).toBe(true)
  })

  it('give each key its check value', () => {
    const parsers = Object.entries(keys).map(
      ([name, text]) => [name, parserOf(name)(text)] as const,
    )
    const checks = parsers.map(([name, ring]) => [name, describeRing(ring).keys[0]?.check])
    expect(Object.fromEntries(checks)).toEqual(vectors.checkValues)
  })
})

describe('the vectors of FORMAT.md, by a reader of that page', () => {
  it('derive the keys of the services', async () => {
    expect(await reader.deriveKeys(vectors.serviceKeys.ENCRYPTION_KEYS)).toEqual(
      vectors.serviceKeys.derived,
    )
  })

  it('open a credential', async () => {
    const { context, plaintext, sealed } = vectors.credential
    const opened = await reader.openCredential(keys.CREDENTIAL_OPEN_KEYS, context, sealed)
    expect(opened.toString()).toBe(plaintext)
  })

  it('open content, the data key, words, an object and a block', async () => {
    const { content: record, dataKey, words, object, block } = vectors
    const ringKey = reader.keyOf(keys.CONTENT_KEYS)
    const opened = await reader.openRecord(ringKey, record.context, record.sealed)
    expect(opened.toString()).toBe(record.plaintext)
    const wrapContext = {
      purpose: 'call-data-key',
      tenantId: dataKey.tenantId,
      rowId: dataKey.callId,
      field: 'data_key',
    }
    const key = await reader.openRecord(ringKey, wrapContext, dataKey.wrapped)
    expect(key.toString('hex')).toBe(dataKey.key)
    const said = await reader.openRecord(key, words.context, words.sealed)
    expect(said.toString()).toBe(words.plaintext)
    const kept = await reader.openObject(key, object.context, hex(object.sealed))
    expect(kept.toString('hex')).toBe(object.plaintext)
    expect((await reader.openBlock(key, block)).toString('hex')).toBe(block.plaintext)
  })

  it('index a value and authenticate a message', async () => {
    expect(await reader.blindIndex(keys.CONTENT_KEYS, vectors.blindIndex)).toBe(
      vectors.blindIndex.index[0],
    )
    expect(await reader.macToken(keys.CALLBACK_KEYS, vectors.macToken)).toBe(vectors.macToken.token)
  })

  it('give each key its check value', async () => {
    const checks = Object.entries(keys).map(async ([name, ring]) => {
      const half = name.replace('_OPEN_', '_SEAL_') as keyof typeof keys
      const value = half.includes('_SEAL_')
        ? await reader.checkValue(ring, keys[half])
        : await reader.checkValue(ring)
      return [name, value]
    })
    expect(Object.fromEntries(await Promise.all(checks))).toEqual(vectors.checkValues)
  })
})
