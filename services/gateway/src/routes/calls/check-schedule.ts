import type { PlaceCallBody } from '@callwire/contracts'
import { invalidField } from '../../http/api-error.ts'

/** A year, also a leap one: the same day of the next year is always taken. */
const furthestAheadMs = 366 * 86_400_000

/**
 * Refuses a call for a time that nobody plans for: it would stand in the way of every other call of
 * its person until then.
 *
 * @throws ApiError `validation_failed`, naming the latest moment
 */
export function requireWithinAYear(
  { scheduleAt }: Pick<PlaceCallBody, 'scheduleAt'>,
  nowMs: number,
): void {
  const latestMs = nowMs + furthestAheadMs
  if (scheduleAt === undefined || Date.parse(scheduleAt) <= latestMs) return
  const latest = new Date(latestMs).toISOString()
  throw invalidField('body.scheduleAt', `must be within a year, until ${latest}`)
}
