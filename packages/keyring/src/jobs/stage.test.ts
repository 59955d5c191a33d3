import { sealedPlaces } from '@callwire/db'
import { describe, expect, it } from 'vitest'
import { ringsOf } from '../testing/test-keys.ts'
import { openablePlaces, stageAt } from './stage.ts'

const { credentialRing, contentRing, webhookRing } = ringsOf('k1')
const dialer = { credentialRing, contentRing }
const courier = { webhookRing }
const placesOf = (rings: Parameters<typeof stageAt>[0], at: Parameters<typeof stageAt>[1]) => {
  const { before, own, after } = stageAt(rings, at)
  return { before, own: own.map(({ place }) => place), after }
}

describe('the stages of a job', () => {
  it('are those of whoever opens the places', () => {
    expect(openablePlaces(dialer)).toEqual(sealedPlaces.filter((p) => p !== 'webhook_secrets'))
    expect(openablePlaces(courier)).toEqual(['webhook_secrets'])
    expect(openablePlaces({})).toEqual([])
  })

  it('begin where the process can open, wherever in it the job stands, and leave the rest', () => {
    const own = openablePlaces(dialer)
    for (const at of [null, own[0], own.at(-1)]) {
      expect(placesOf(dialer, at ?? null)).toEqual({ before: [], own, after: ['webhook_secrets'] })
    }
    expect(placesOf(courier, 'webhook_secrets')).toEqual({
      before: own,
      own: ['webhook_secrets'],
      after: [],
    })
  })

  it('are one for a process that opens all, and none for one that does not open this place', () => {
    expect(placesOf({ ...dialer, ...courier }, 'call_keys')).toEqual({
      before: [],
      own: [...sealedPlaces],
      after: [],
    })
    expect(placesOf(courier, null).own).toEqual([])
    expect(placesOf({ contentRing }, 'call_keys').before).toEqual(['phone_credentials'])
  })
})
