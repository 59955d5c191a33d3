import type { Alert } from '@callwire/contracts'
import { callEvents, type Tx } from '@callwire/db'
import { and, desc, eq, or, sql } from 'drizzle-orm'
import { isAlert } from '../raise-alert.ts'

/** Said of every call that the install's own account dials. */
export const globalAlert: Alert = {
  code: 'global_credentials',
  severity: 'info',
  message:
    "Dialed with the install's own Exotel account, since this phone number has no credentials.",
}

/**
 * Whether a call's last attempt was made with the install's own account: only there is it known,
 * whatever account its phone has by now. The alert follows the attempt's own event.
 */
export async function isDialedGlobally(
  tx: Tx,
  o: { tenantId: string; callId: string },
): Promise<boolean> {
  const dialing = and(
    eq(callEvents.type, 'call.status'),
    sql`strpos(${callEvents.data}, '"status":"dialing"') > 0`,
  )
  const [last] = await tx
    .select({ type: callEvents.type })
    .from(callEvents)
    .where(
      and(
        eq(callEvents.tenantId, o.tenantId),
        eq(callEvents.callId, o.callId),
        or(isAlert(globalAlert.code), dialing),
      ),
    )
    .orderBy(desc(callEvents.seq))
    .limit(1)
  return last?.type === 'alert'
}
