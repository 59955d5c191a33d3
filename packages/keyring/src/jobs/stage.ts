import type { SealedPlace } from '@callwire/db'
import type { OpeningRings, Place } from '../places/place.ts'
import { places } from '../places/places.ts'

/**
 * A job's places as one process sees them. No process opens everything, so a job goes through
 * several hands: whoever has it works through the places that it can open one after another, and
 * leaves the job standing at the next place for a process that can open that.
 */
export type Stage = {
  /** Done, by whoever opens them. */
  readonly before: readonly SealedPlace[]
  readonly own: readonly Place[]
  /** To do, after this process has let the job go. */
  readonly after: readonly SealedPlace[]
}

/** The places that can be opened with these rings. */
export function openablePlaces(rings: OpeningRings): SealedPlace[] {
  return places.filter((place) => rings[place.ring] !== undefined).map(({ place }) => place)
}

/** @param at - where the job stands; null is before the first place */
export function stageAt(rings: OpeningRings, at: SealedPlace | null): Stage {
  const openable = openablePlaces(rings)
  const others = (n: number) => {
    const place = places[n]
    return place === undefined || !openable.includes(place.place)
  }
  const here = Math.max(
    0,
    places.findIndex(({ place }) => place === at),
  )
  let [from, to] = [here, here]
  while (!others(from - 1)) from -= 1
  while (!others(to)) to += 1
  const names = places.map(({ place }) => place)
  return { before: names.slice(0, from), own: places.slice(from, to), after: names.slice(to) }
}
