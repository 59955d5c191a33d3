import { weekdays, type Weekday } from './hours.ts'

export const MINUTE_MS = 60_000

/** A moment on somebody's wall: `minutes` since midnight there. */
export type LocalTime = { weekday: Weekday; minutes: number }

const formats = new Map<string, Intl.DateTimeFormat>()

/** Making a format costs a hundred times what using it does. */
function formatOf(zone: string): Intl.DateTimeFormat {
  const kept = formats.get(zone)
  if (kept !== undefined) return kept
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formats.set(zone, made)
  return made
}

/**
 * How far a zone's clock is ahead of UTC at a moment.
 *
 * @throws RangeError for a zone that the runtime does not know, or a moment that is none
 */
export function offsetMs(zone: string, atMs: number): number {
  const field: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {}
  for (const { type, value } of formatOf(zone).formatToParts(atMs)) field[type] = Number(value)
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = field
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1_000) * 1_000
}

/** What the clock on the wall says, as if it were UTC's. */
export function wallMs(zone: string, atMs: number): number {
  return atMs + offsetMs(zone, atMs)
}

export function localTime(zone: string, atMs: number): LocalTime {
  const wall = new Date(wallMs(zone, atMs))
  return {
    weekday: weekdays[wall.getUTCDay()] ?? 'sun',
    minutes: wall.getUTCHours() * 60 + wall.getUTCMinutes(),
  }
}

/** The clock's longest way from UTC to either side. */
const FARTHEST_MS = 15 * 60 * MINUTE_MS

/**
 * The moments at which a zone's clock may show `wall`: one as a rule, two where clocks change on
 * that day, and then also the change itself, for a time that the change skips.
 */
export function momentsOf(zone: string, wall: number): number[] {
  let [before, after] = [wall - FARTHEST_MS, wall + FARTHEST_MS]
  const [earlier, later] = [offsetMs(zone, before), offsetMs(zone, after)]
  if (earlier === later) return [wall - earlier]
  while (after - before > MINUTE_MS) {
    const middle = before + Math.floor((after - before) / 2 / MINUTE_MS) * MINUTE_MS
    if (offsetMs(zone, middle) === earlier) before = middle
    else after = middle
  }
  return [wall - earlier, wall - later, after]
}
