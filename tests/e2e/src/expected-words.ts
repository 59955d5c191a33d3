import type { CallEvent, LiveEvent } from '@callwire/contracts'
import type { SpokenUtterance } from './simulator.ts'

/** The events of one type, in order. */
export function ofType<T extends LiveEvent['type']>(events: readonly CallEvent[], type: T) {
  return events.filter(
    (event): event is Extract<LiveEvent, { type: T }> => event.type === type && event.data !== null,
  )
}

/** The script as it may be shown: ten digits in a row, however they are grouped, read `[phone]`. */
export function masked(script: readonly SpokenUtterance[]): string[] {
  return script.map(({ text }) => text.replace(/\d{5} \d{5}/g, '[phone]'))
}

/** Words of the script that are in no final. */
export function missingWords(
  script: readonly SpokenUtterance[],
  events: readonly CallEvent[],
): string[] {
  const said = ofType(events, 'transcript.final').flatMap((event) => event.data.text.split(' '))
  return masked(script)
    .flatMap((text) => text.split(' '))
    .filter((word) => {
      const at = said.indexOf(word)
      if (at >= 0) said.splice(at, 1)
      return at < 0
    })
}
