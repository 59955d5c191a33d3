/** Days as calling hours name them, in the order of `Date.getUTCDay`. */
export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
export type Weekday = (typeof weekdays)[number]

/** From `from` until just before `to` on each of `days`; `HH:MM`, and `24:00` is a day's end. */
export type HoursWindow = { days: readonly Weekday[]; from: string; to: string }

/**
 * When people may be called, by their own clock.
 *
 * `zone` is an IANA name that counts for everybody; without it each person's own zone counts, as
 * their number tells it.
 */
export type CallingHours = { windows: readonly HoursWindow[]; zone?: string | undefined }

/** Minutes since midnight of `HH:MM`. */
export function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
}
