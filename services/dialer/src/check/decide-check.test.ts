import { expect, test } from 'vitest'
import { decideCheck, type CheckResult } from './decide-check.ts'

const rejected = (code: 'provider_auth' | 'provider_forbidden' | 'provider_rejected') =>
  ({ kind: 'rejected', code, httpStatus: 400, message: 'KYC incomplete' }) as const

test.each<[CheckResult, state: string, code: string | null, retryAfterS: number | null]>([
  [{ kind: 'accepted' }, 'ok', null, null],
  [rejected('provider_auth'), 'refused', 'provider_auth', null],
  [rejected('provider_forbidden'), 'refused', 'provider_forbidden', null],
  [rejected('provider_rejected'), 'refused', 'provider_rejected', null],
  [{ kind: 'no_phone' }, 'refused', 'not_found', null],
  [{ kind: 'no_credentials' }, 'refused', 'no_credentials', null],
  [{ kind: 'unsendable' }, 'refused', 'host_not_allowed', null],
  [{ kind: 'seal_broken' }, 'failed', 'credential_integrity', null],
  [{ kind: 'unavailable', reason: 'timeout' }, 'failed', 'unavailable', null],
  [{ kind: 'rate_limited', retryAfterMs: null }, 'failed', 'rate_limited', 60],
  [{ kind: 'rate_limited', retryAfterMs: 0 }, 'failed', 'rate_limited', 1],
  [{ kind: 'rate_limited', retryAfterMs: 2_001 }, 'failed', 'rate_limited', 3],
  [{ kind: 'over_budget', retryAfterMs: 61_999, why: 'budget' }, 'failed', 'rate_limited', 62],
  [{ kind: 'over_budget', retryAfterMs: 1, why: 'held' }, 'failed', 'rate_limited', 1],
])('%j', (result, state, code, retryAfterS) => {
  expect(decideCheck(result)).toMatchObject({ state, code, retryAfterS })
})

test.each<[CheckResult, string]>([
  [{ kind: 'no_credentials' }, 'No Exotel credentials found for this phone number'],
  [{ kind: 'seal_broken' }, 'Invalid encrypted data format'],
  [
    rejected('provider_forbidden'),
    'Exotel knows these credentials but refuses the account: KYC incomplete',
  ],
  [rejected('provider_rejected'), 'KYC incomplete'],
])('%j says why', (result, message) => {
  expect(decideCheck(result).message).toBe(message)
})
