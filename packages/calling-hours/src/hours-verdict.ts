import { minutesOf, weekdays, type CallingHours } from './hours.ts'
import { localTime, MINUTE_MS, momentsOf, wallMs } from './local-time.ts'
import { zonesOf } from './zones-of.ts'

/** `opensAtMs` is null where no moment of the next two weeks will do. */
export type HoursVerdict =
  { open: true } | { open: false; opensAtMs: number | null; sentence: string }

const DAY_MS = 24 * 60 * MINUTE_MS

/**
 * How far ahead an opening is looked for. Hours repeat weekly; the second week is for an opening
 * that falls into the hour that a change of clocks skips.
 */
const LOOK_AHEAD_DAYS = 14

/**
 * Whether a person may be called at a moment.
 *
 * @param hours - null: at any time
 * @param number - the person's, E.164
 * @throws RangeError for hours with a zone that does not exist
 */
export function hoursVerdict(
  hours: CallingHours | null,
  number: string,
  atMs: number,
): HoursVerdict {
  if (hours === null) return { open: true }
  const zones = hours.zone === undefined ? zonesOf(number) : [hours.zone]
  const [first] = zones
  if (first === undefined) {
    return {
      open: false,
      opensAtMs: null,
      sentence:
        'This number belongs to no country, so nobody can tell the time where it is; calling hours that name a zone would allow it.',
    }
  }
  const closed = zones.find((zone) => !isOpen(hours, zone, atMs))
  if (closed === undefined) return { open: true }
  const opensAtMs = nextOpening(hours, zones, atMs)
  return { open: false, opensAtMs, sentence: describe({ zones, closed, atMs, opensAtMs }) }
}

function isOpen(hours: CallingHours, zone: string, atMs: number): boolean {
  const { weekday, minutes } = localTime(zone, atMs)
  return hours.windows.some(
    ({ days, from, to }) =>
      days.includes(weekday) && minutes >= minutesOf(from) && minutes < minutesOf(to),
  )
}

/** The first moment after `atMs` that is within hours in every zone: some zone's window begins then. */
function nextOpening(hours: CallingHours, zones: readonly string[], atMs: number): number | null {
  const begins = new Set<number>()
  for (const zone of zones) {
    const today = Math.floor(wallMs(zone, atMs) / DAY_MS) * DAY_MS
    for (let day = 0; day <= LOOK_AHEAD_DAYS; day += 1) {
      const midnight = today + day * DAY_MS
      const weekday = weekdays[new Date(midnight).getUTCDay()] ?? 'sun'
      for (const { days, from } of hours.windows) {
        if (!days.includes(weekday)) continue
        for (const moment of momentsOf(zone, midnight + minutesOf(from) * MINUTE_MS)) {
          if (moment > atMs) begins.add(moment)
        }
      }
    }
  }
  const inOrder = [...begins].sort((a, b) => a - b)
  return inOrder.find((moment) => zones.every((zone) => isOpen(hours, zone, moment))) ?? null
}

function describe(o: {
  zones: readonly string[]
  closed: string
  atMs: number
  opensAtMs: number | null
}): string {
  const { zones, closed, atMs, opensAtMs } = o
  const now = `It is ${clock(closed, atMs)} in ${closed}`
  const where =
    zones.length === 1
      ? `${now}, outside the calling hours`
      : `${now}, one of ${String(zones.length)} time zones this number may be in, and outside the calling hours`
  if (opensAtMs === null) return `${where}; no moment of the next two weeks is within them.`
  const all = zones.length === 1 ? '' : ' in all of them'
  return `${where}; they begin${all} at ${clock(closed, opensAtMs)} there.`
}

function clock(zone: string, atMs: number): string {
  const wall = new Date(wallMs(zone, atMs))
  const format = (o: Intl.DateTimeFormatOptions) =>
    wall.toLocaleString('en-GB', { timeZone: 'UTC', ...o })
  const time = format({ hour: '2-digit', minute: '2-digit' })
  return `${time} on ${format({ weekday: 'long' })} ${format({ day: 'numeric', month: 'long' })}`
}
