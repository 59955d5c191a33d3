import { isUniqueViolation } from '@callwire/db'
import type { DialerDeps } from '../deps.ts'
import type { Attempt } from './begin-dial.ts'

/**
 * Keeps the Sid of a call that went as most do: the attempt still holds it, nothing was heard of it
 * yet, and no other call has that Sid. False, and nothing is done, in every other case.
 */
export async function bindAtOnce(
  d: Pick<DialerDeps, 'dials' | 'clock'>,
  attempt: Attempt,
  sid: string,
): Promise<boolean> {
  const { tenantId, call, fence } = attempt
  const at = new Date(d.clock.now())
  try {
    return await d.dials.bind({ tenant_id: tenantId, call_id: call.id, fence, sid, at })
  } catch (error) {
    // Another call took the Sid in this very moment.
    if (isUniqueViolation(error, 'calls_sid')) return false
    throw error
  }
}
