import { InvalidArgumentError } from 'commander'

const unitMs: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** A rule's value, or none. The option parser makes an empty text of a null. */
export type OrOff = number | 'off'

/**
 * A span such as `30m`, `12h` or `7d` in milliseconds, or `off`.
 *
 * @throws InvalidArgumentError, which is wrong usage
 */
export function parseSpan(text: string): OrOff {
  if (text === 'off') return text
  const [, count, unit] = /^([1-9]\d{0,6})([mhd])$/.exec(text) ?? []
  const each = unitMs[unit ?? '']
  if (count === undefined || each === undefined) {
    throw new InvalidArgumentError('It must be like 30m, 12h or 7d, or off.')
  }
  return Number(count) * each
}

/** As {@link parseSpan} reads it, in the largest unit that fits. */
export function spanText(ms: number): string {
  const [unit, each] = Object.entries(unitMs).findLast(([, one]) => ms % one === 0) ?? ['ms', 1]
  return `${String(ms / each)}${unit}`
}

/** Whole days like `30d`, or `off`. Throws as {@link parseSpan} does. */
export function parseLife(text: string): OrOff {
  if (text === 'off') return text
  const [, days] = /^([1-9]\d{0,3})d$/.exec(text) ?? []
  if (days === undefined) throw new InvalidArgumentError('It must be like 30d, or off.')
  return Number(days)
}

/** How long live audio is kept, in days: `1h`, which is 0, or like `2d`. Throws as {@link parseSpan} does. */
export function parseAudioLife(text: string): number {
  if (text === '1h') return 0
  const days = parseLife(text)
  if (days === 'off') throw new InvalidArgumentError('It must be 1h, or 1d to 7d.')
  return days
}

/** A number of calls, or `off`. Throws as {@link parseSpan} does. */
export function parseCap(text: string): OrOff {
  if (text === 'off') return text
  if (!/^[1-9]\d{0,5}$/.test(text)) {
    throw new InvalidArgumentError('It must be a number of calls, or off.')
  }
  return Number(text)
}
