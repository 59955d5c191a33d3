import { createHash } from 'node:crypto'
import { ApiError } from '../../http/api-error.ts'

/** Wrong passwords for one account within the window before its next try is refused. */
export const maxFailures = 10
const windowMs = 60_000
/** Accounts remembered; the oldest are forgotten first. */
const remembered = 10_000

export type FailedLogins = {
  /** @throws ApiError `rate_limited` when this account has to wait */
  check(account: string): void
  record(account: string): void
  forget(account: string): void
}

/** Counts wrong passwords per account (an address or a user's id), so that a password cannot be tried at the API's own rate. */
export function createFailedLogins(clock: { monotonicMs(): number }): FailedLogins {
  const failures = new Map<string, number[]>()
  // An address typed wrong may be a password typed into the wrong field: only its hash is kept.
  const keyOf = (account: string) => createHash('sha256').update(account).digest('base64')
  const recent = (key: string) => {
    const since = clock.monotonicMs() - windowMs
    return (failures.get(key) ?? []).filter((at) => at > since)
  }
  return {
    check: (account) => {
      const times = recent(keyOf(account))
      const [oldest] = times
      if (oldest === undefined || times.length < maxFailures) return
      throw new ApiError('rate_limited', 'Too many wrong passwords; wait for Retry-After.', {
        retryAfterS: Math.max(1, Math.ceil((oldest + windowMs - clock.monotonicMs()) / 1000)),
      })
    },
    record: (account) => {
      const key = keyOf(account)
      const times = [...recent(key), clock.monotonicMs()].slice(-maxFailures)
      failures.delete(key)
      failures.set(key, times)
      const [oldest] = failures.keys()
      if (failures.size > remembered && oldest !== undefined) failures.delete(oldest)
    },
    forget: (account) => {
      failures.delete(keyOf(account))
    },
  }
}
