import { reasonOf, type CallReason } from '@callwire/contracts'

/** Calls at once; null: no cap. The account's counts every tenant on it. */
export type TenantCaps = { tenant: number | null; phone: number | null; account: number | null }

export type CapScope = keyof TenantCaps

/** What stands under the caps now. The counts are bounded: see {@link LONGEST_LINE}. */
export type Places = {
  /** Calls under way. */
  live: Readonly<Record<CapScope, number>>
  /** Calls that wait for a place already, and those of them on the same phone number. */
  line: { tenant: number; phone: number }
  /** Whether this call is one of them. */
  inLine: boolean
}

/**
 * So many looks a second at a line, however long it is: a place that comes free is taken again
 * within about this long, and looking costs about the same for ten calls that wait and for thousands.
 */
const looksPerSecond = 20
/** A place is not expected to come free sooner. */
const shortestWaitMs = 1_000
/** Caps may be raised, or a line be canceled: nobody sleeps through that for longer. */
const longestWaitMs = 120_000

/** A longer line makes no longer wait, so it is not counted further. */
export const LONGEST_LINE = (longestWaitMs / 1_000) * looksPerSecond

const names: Readonly<Record<CapScope, string>> = {
  tenant: 'this tenant',
  phone: 'this phone number',
  account: 'this Exotel account',
}

const scopes = ['phone', 'tenant', 'account'] as const

/**
 * Whether a call has to wait for a place under its caps, why, and until when it need not look. One
 * that has just come does not pass those that wait on its phone number.
 *
 * @param fraction - a random number in [0, 1) that spreads the looks
 */
export function decideCap(
  caps: TenantCaps,
  places: Places,
  fraction: number,
): { reason: CallReason; delayMs: number } | null {
  const message = sentence(caps, places)
  if (message === null) return null
  const meanMs = Math.min(
    longestWaitMs,
    Math.max(shortestWaitMs, ((places.line.tenant + 1) / looksPerSecond) * 1_000),
  )
  const delayMs = Math.floor(meanMs * (0.5 + fraction))
  return { reason: reasonOf('waiting_for_cap', message), delayMs }
}

function sentence(caps: TenantCaps, { live, line, inLine }: Places): string | null {
  for (const scope of scopes) {
    const most = caps[scope]
    if (most === null || live[scope] < most) continue
    const [calls, are] = most === 1 ? ['call', 'is'] : ['calls', 'are']
    return `Waiting: ${most} of ${most} ${calls} of ${names[scope]} ${are} under way.`
  }
  if (inLine || line.phone === 0) return null
  const free = Math.min(
    ...scopes.map((scope) => (caps[scope] ?? Number.POSITIVE_INFINITY) - live[scope]),
  )
  if (free > line.phone) return null
  return `Waiting: calls of this phone number that came earlier wait for a place, too.`
}
