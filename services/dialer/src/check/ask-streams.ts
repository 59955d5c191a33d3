import type { ActiveStreams, ExotelAccount } from '@callwire/exotel'
import { errorFields } from '@callwire/runtime'
import { heedAnswer, takeRequest } from '../account/account-budget.ts'
import type { DialerDeps } from '../deps.ts'
import { unlessCut } from '../unless-cut.ts'

/** Exotel answers in about a second. What is only good to know keeps nobody waiting for longer. */
const longestAskMs = 2_000
/** With less than this left it is not asked at all. */
const shortestAskMs = 1_000

type Deps = Pick<DialerDeps, 'budget' | 'database' | 'exotel' | 'log' | 'cutting'>

/**
 * How many media streams the account has open, and may have. Null when Exotel does not say: not
 * every account has the feature. Never rejects, for credentials that work do so all the same.
 */
export async function askStreams(
  d: Deps,
  account: ExotelAccount,
  o: { leftMs: number },
): Promise<ActiveStreams | null> {
  const timeoutMs = Math.min(longestAskMs, o.leftMs)
  if (timeoutMs < shortestAskMs) return null
  try {
    if (!(await takeRequest(d, account.sid)).ok) return null
    const asked = d.exotel.activeStreams(account, { timeoutMs })
    const answer = await unlessCut<Awaited<typeof asked> | null>(asked, d.cutting, null)
    if (answer === null) return null
    await heedAnswer(d, account.sid, answer)
    return answer.kind === 'found' ? answer.streams : null
  } catch (error) {
    d.log.warn(errorFields(error), 'open streams of an account could not be asked for')
    return null
  }
}
