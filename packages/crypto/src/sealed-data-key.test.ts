import { expect, test } from 'vitest'
import { openCredential, sealCredential } from './credential.ts'
import { openWithDataKey, sealWithDataKey } from './data-key.ts'
import { deriveServiceKeys } from './rings/derive-service-keys.ts'
import { parseOpenRing, parseSealRing } from './rings/hpke-rings.ts'
import { parseMasterRing } from './rings/secret-rings.ts'
import { createSealedDataKey, openSealedDataKey } from './sealed-data-key.ts'

const keys = deriveServiceKeys(parseMasterRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`))
const sealRing = parseSealRing(keys.BACKUP_SEAL_KEYS)
const openRing = parseOpenRing(keys.BACKUP_OPEN_KEYS)
const context = { purpose: 'backup', tenantId: 'install', rowId: 'one', field: 'data_key' }
const failed = { code: 'unseal_failed' }

test('the key that comes back opens what the first one sealed', () => {
  const { dataKey, sealed } = createSealedDataKey(sealRing, context)
  const text = sealWithDataKey(dataKey, context, 'words')
  const again = openSealedDataKey(openRing, context, sealed)
  expect(openWithDataKey(again, context, text).toString()).toBe('words')
})

test('every key is another one', () => {
  const [one, other] = [
    createSealedDataKey(sealRing, context),
    createSealedDataKey(sealRing, context),
  ]
  const text = sealWithDataKey(one.dataKey, context, 'words')
  expect(() => openWithDataKey(other.dataKey, context, text)).toThrow(
    expect.objectContaining(failed),
  )
})

test('its text holds 32 bytes in base64url, as the format says', () => {
  const { sealed } = createSealedDataKey(sealRing, context)
  expect(openCredential(openRing, context, sealed)).toMatch(/^[A-Za-z0-9_-]{43}$/)
})

test.each([
  ['another context', context, { ...context, rowId: 'two' }, 'A'.repeat(43)],
  ['a key of 31 bytes', context, context, Buffer.alloc(31).toString('base64url')],
  ['a key in another spelling', context, context, Buffer.alloc(32).toString('base64')],
])('%s does not open', (_name, sealedFor, openedFor, text) => {
  const sealed = sealCredential(sealRing, sealedFor, text)
  expect(() => openSealedDataKey(openRing, openedFor, sealed)).toThrow(
    expect.objectContaining(failed),
  )
})
