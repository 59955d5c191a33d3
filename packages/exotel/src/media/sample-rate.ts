import { countOf, pick, textOf } from '../fields.ts'

/** Hz; what a media stream has when nothing says otherwise. */
export const defaultSampleRate = 8_000

const lowest = 4_000
const highest = 48_000

/** Hz, of a number or a text (`8000`, `16000Hz`, `16kHz`); undefined where that is no rate of speech. */
export function sampleRateOf(value: unknown): number | undefined {
  const [, kilo] = /^(\d{1,3}(?:\.\d{1,3})?)\s*k(?:hz)?$/i.exec(textOf(value, 32) ?? '') ?? []
  const rate = kilo === undefined ? countOf(value) : Math.round(Number(kilo) * 1_000)
  return rate !== undefined && rate >= lowest && rate <= highest ? rate : undefined
}

/** What the address of a media socket asks for (`?sample-rate=16000`, hyphen or not). Never throws. */
export function sampleRateOfUrl(url: string | undefined): number | undefined {
  const query = (url ?? '').split('?')[1] ?? ''
  return sampleRateOf(pick(Object.fromEntries(new URLSearchParams(query)), 'sample_rate'))
}
