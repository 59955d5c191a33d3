import { weekdays, type CallingHours, type Weekday } from '@callwire/contracts'
import { CliFailure } from '../failure.ts'

type Window = CallingHours['windows'][number]

/** What a window is written like: days, a blank, times. */
const EXAMPLE = '"mon-fri 09:00-21:00"'
const written = /^([a-z,-]+) +(\d{2}:\d{2})-(\d{2}:\d{2})$/

/**
 * Reads `mon-fri 09:00-21:00`, `sat,sun 10:00-14:00` or `daily 09:00-21:00`. Whether the times are
 * times is the gateway's to say.
 *
 * @throws CliFailure
 */
export function parseWindow(text: string): Window {
  const [, days, from, to] = written.exec(text.trim().toLowerCase()) ?? []
  if (days === undefined || from === undefined || to === undefined) {
    throw new CliFailure(`Hours are written like ${EXAMPLE}, not ${JSON.stringify(text)}.`)
  }
  return { days: daysOf(days), from, to }
}

function daysOf(text: string): Weekday[] {
  if (text === 'daily') return [...weekdays]
  return [...new Set(text.split(',').flatMap(spanOf))]
}

/** One day, or those from one to another; a span may go over the week's end. */
function spanOf(text: string): Weekday[] {
  const [from = '', to = from, ...rest] = text.split('-')
  const [first, last] = [indexOf(from), indexOf(to)]
  if (first === -1 || last === -1 || rest.length > 0) {
    throw new CliFailure(
      `Days are ${weekdays.join(', ')}, spans like mon-fri, or daily; not ${text}.`,
    )
  }
  const length = ((last - first + weekdays.length) % weekdays.length) + 1
  return [...weekdays, ...weekdays].slice(first, first + length)
}

function indexOf(day: string): number {
  return (weekdays as readonly string[]).indexOf(day)
}

/** As {@link parseWindow} reads it: days that follow each other as a span. */
export function windowText({ days, from, to }: Window): string {
  const inOrder = weekdays.filter((day) => days.includes(day))
  if (inOrder.length === weekdays.length) return `daily ${from}-${to}`
  const spans: Weekday[][] = []
  for (const day of inOrder) {
    const last = spans.at(-1)
    const before = last?.at(-1)
    if (last !== undefined && before !== undefined && indexOf(day) === indexOf(before) + 1) {
      last.push(day)
    } else spans.push([day])
  }
  const names = spans.map((span) =>
    span.length > 2 ? `${span[0] ?? ''}-${span.at(-1) ?? ''}` : span.join(','),
  )
  return `${names.join(',')} ${from}-${to}`
}
