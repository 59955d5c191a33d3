import { textOf } from './fields.ts'

/** India has one zone and no summer time; Exotel's dates carry no zone and are in it. */
const istOffsetMs = 5.5 * 60 * 60_000

/** Epoch ms as `YYYY-MM-DD HH:mm:ss` in India's time, the form of Exotel's list filters. */
export function istTimestamp(epochMs: number): string {
  return new Date(epochMs + istOffsetMs).toISOString().slice(0, 19).replace('T', ' ')
}

/**
 * Epoch ms of one of Exotel's dates, with a zone or (then India's) without. Null for none, also
 * for 1970, which is how it writes "not yet".
 */
export function parseExotelTime(value: unknown): number | null {
  const text = textOf(value, 40)
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?\s*(Z|[+-]\d\d:?\d\d)?$/.exec(
    text ?? '',
  )
  if (match === null) return null
  const [, day = '', time = '', fraction = '', zone = '+05:30'] = match
  const epochMs = Date.parse(`${day}T${time}${fraction}${zone}`)
  return Number.isNaN(epochMs) || epochMs < 86_400_000 ? null : epochMs
}

/** The `DateCreated` filter of Exotel's call list for a window, both ends included. */
export function createdWindow(fromMs: number, toMs: number): string {
  return `gte:${istTimestamp(fromMs)};lte:${istTimestamp(toMs)}`
}
