import { sealedPlaces } from '@callwire/db'
import { describe, expect, it } from 'vitest'
import { checkName, parseNamedRing, placesOf, type RingName } from './rings.ts'
import { ringTexts } from './testing/test-keys.ts'

const texts = ringTexts('k1')
const names = Object.keys(texts) as RingName[]

describe('a ring by its name', () => {
  it('is read as what it is', () => {
    const kinds = names.map((name) => [name, String(parseNamedRing(name, texts[name]))])
    expect(Object.fromEntries(kinds)).toEqual({
      CREDENTIAL_SEAL_KEYS: '[SealRing]',
      CREDENTIAL_OPEN_KEYS: '[OpenRing]',
      VENDOR_SEAL_KEYS: '[SealRing]',
      VENDOR_OPEN_KEYS: '[OpenRing]',
      WEBHOOK_SEAL_KEYS: '[SealRing]',
      WEBHOOK_OPEN_KEYS: '[OpenRing]',
      BACKUP_SEAL_KEYS: '[SealRing]',
      BACKUP_OPEN_KEYS: '[OpenRing]',
      CONTENT_KEYS: '[ContentRing]',
      CALLBACK_KEYS: '[MacRing]',
      EDGE_KEYS: '[MacRing]',
    })
  })

  it('is checked under one name with its other half, and under no other', () => {
    expect(checkName('CREDENTIAL_SEAL_KEYS')).toBe(checkName('CREDENTIAL_OPEN_KEYS'))
    expect(new Set(names.map(checkName)).size).toBe(names.length - 4)
  })

  it('answers for the places it opens or seals, so that each place has one kind of ring', () => {
    expect(placesOf('CREDENTIAL_OPEN_KEYS')).toEqual(placesOf('CREDENTIAL_SEAL_KEYS'))
    expect(placesOf('WEBHOOK_OPEN_KEYS')).toEqual(placesOf('WEBHOOK_SEAL_KEYS'))
    const opened = [
      ...placesOf('CREDENTIAL_OPEN_KEYS'),
      ...placesOf('WEBHOOK_OPEN_KEYS'),
      ...placesOf('CONTENT_KEYS'),
    ]
    expect(opened.toSorted()).toEqual(sealedPlaces.toSorted())
    expect(placesOf('CALLBACK_KEYS')).toEqual([])
  })
})
