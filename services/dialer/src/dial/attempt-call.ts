import { ExotelError } from '@callwire/exotel'
import { errorFields } from '@callwire/runtime'
import { openAccount } from '../account/phone-account.ts'
import type { DialerDeps } from '../deps.ts'
import { unlessCut } from '../unless-cut.ts'
import type { Attempt } from './begin-dial.ts'
import { buildRequest } from './build-request.ts'
import type { AttemptOutcome } from './decide-outcome.ts'

/**
 * From the compare-and-swap to the first byte of the request. Whoever takes longer was held up,
 * and may not know any more what the world believes of this call.
 */
export const SEND_DEADLINE_MS = 2_000

/**
 * Sends the one request of an attempt, or finds out that it may not be sent. Never rejects.
 *
 * @param onPrepared - told when nothing but Exotel is waited for any more
 */
export async function attemptCall(
  d: DialerDeps,
  attempt: Attempt,
  onPrepared: () => void,
): Promise<AttemptOutcome> {
  const owner = { tenantId: attempt.tenantId, phoneId: attempt.phone.id }
  const account = openAccount(d, owner, attempt.account)
  const { person } = attempt
  if (account === null || person === null) return { kind: 'seal_broken' }
  const mayStillSend = () =>
    !d.stopping.aborted && d.clock.monotonicMs() - attempt.begunAtMs < SEND_DEADLINE_MS
  let request
  try {
    request = buildRequest(d, attempt, person)
    const { tenantId, call, fence } = attempt
    const isHeld = await d.database.reader.isAttemptHeld({ tenantId, callId: call.id, fence })
    if (!isHeld) return { kind: 'not_sent', reason: 'deadline' }
  } catch (error) {
    d.log.warn({ callId: attempt.call.id, ...errorFields(error) }, 'dial not prepared')
    return { kind: 'not_sent', reason: 'fault' }
  }
  onPrepared()
  try {
    const answer = d.exotel.placeCall(account, request, { beforeFirstByte: mayStillSend })
    return await unlessCut<AttemptOutcome>(answer, d.cutting, { kind: 'unknown', reason: 'reset' })
  } catch (error) {
    if (error instanceof ExotelError) {
      return { kind: 'unsendable', code: error.code, message: error.message }
    }
    // Nothing is known of a request whose sender broke, so Exotel has to be asked.
    d.log.error({ callId: attempt.call.id, ...errorFields(error) }, 'dial request broke')
    return { kind: 'unknown', reason: 'unreadable' }
  }
}
