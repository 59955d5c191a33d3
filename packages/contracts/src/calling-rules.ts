import { z } from 'zod'

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export const weekdaySchema = z.enum(weekdays)
export type Weekday = z.infer<typeof weekdaySchema>

const time = /^([01][0-9]|2[0-3]):[0-5][0-9]$/

/** Three a day for a whole week: enough for any rule that people can keep in mind. */
const MOST_WINDOWS = 21

const windowSchema = z
  .strictObject({
    days: z.array(weekdaySchema).min(1).max(weekdays.length),
    from: z.string().regex(time, 'must be a time like 09:00'),
    to: z.string().regex(/^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/, 'must be a time like 21:00'),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be later than `from`' })

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** When people may be called. Without `zone`, by the clock of wherever their number is from. */
export const callingHoursSchema = z.strictObject({
  windows: z.array(windowSchema).min(1).max(MOST_WINDOWS),
  zone: z.string().max(64).refine(isZone, 'must be a time zone like Asia/Kolkata').optional(),
})
export type CallingHours = z.infer<typeof callingHoursSchema>

const cap = z.int().min(1).max(100_000).nullable()

/**
 * Calls at once; null: no cap. The account's counts every tenant that calls through it. `streams` are
 * live media sockets: one more is refused at its handshake.
 */
export const capsSchema = z.strictObject({
  calls: cap,
  callsPerPhone: cap,
  callsPerAccount: cap,
  streams: cap,
})
export type Caps = z.infer<typeof capsSchema>
