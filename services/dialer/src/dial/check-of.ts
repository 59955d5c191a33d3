import { hoursVerdict, type HoursVerdict } from '@callwire/calling-hours'
import type { DialCheck } from './decide-dial.ts'
import type { CallView } from './view-call.ts'

/**
 * What decides about a call, from what was seen of it.
 *
 * @param o.person - in E.164; null when its seal does not open
 * @param o.listed - whether the person is on the tenant's never-call list, under any key
 */
export function checkOf(view: CallView, o: { person: string | null; listed: boolean }): DialCheck {
  const { call, tenant, install } = view
  return {
    status: call.status,
    direction: call.direction,
    due: view.due,
    hasSid: call.sid !== null,
    createdAtMs: call.createdAt.getTime(),
    scheduleAtMs: call.scheduleAt?.getTime() ?? null,
    expireAfterMs: tenant.expireAfterMs,
    nowMs: view.nowMs,
    pause: install.paused
      ? { by: 'operator', words: install.pausedReason }
      : tenant.paused
        ? { by: 'tenant' }
        : null,
    hasPhone: view.phone !== null,
    // A call that names its agent was ordered for that one, whomever its phone has by now.
    agent: view.agent !== null ? 'there' : call.agentId !== null ? 'deleted' : 'none',
    hasCredentials: view.account !== null,
    breaker: view.phone === null ? null : view.breaker,
    neverCall: o.listed,
    hours: hoursOf(view, o.person),
  }
}

/** A number whose seal does not open is not told apart here: its attempt says so, and sends nothing. */
function hoursOf({ tenant, nowMs }: CallView, person: string | null): HoursVerdict {
  if (tenant.callingHours === null || person === null) return { open: true }
  try {
    return hoursVerdict(tenant.callingHours, person, nowMs)
  } catch {
    const sentence = 'The calling hours name a time zone that is not known here; set them anew.'
    return { open: false, opensAtMs: null, sentence }
  }
}
