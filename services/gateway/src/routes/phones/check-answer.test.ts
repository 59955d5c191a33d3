import { statusOf } from '@callwire/contracts'
import { expect, test } from 'vitest'
import { refusalOf } from './check-answer.ts'

const answered = (code: string, o: { message?: string; retryAfterS?: number } = {}) => ({
  state: 'refused' as const,
  code,
  message: o.message ?? null,
  retryAfterS: o.retryAfterS ?? null,
})

test('what Exotel takes is no refusal', () => {
  expect(refusalOf({ state: 'ok', code: null, message: null, retryAfterS: null })).toBeNull()
})

test.each<[stored: string, status: number, code: string, message: string]>([
  ['provider_auth', 400, 'provider_auth', 'Invalid Exotel credentials'],
  ['provider_forbidden', 400, 'provider_auth', 'said'],
  ['provider_rejected', 400, 'provider_auth', 'said'],
  ['no_credentials', 400, 'no_credentials', 'No Exotel credentials found for this phone number'],
  ['credential_integrity', 500, 'credential_integrity', 'Invalid encrypted data format'],
  ['host_not_allowed', 409, 'conflict', 'said'],
  ['not_found', 404, 'not_found', 'No such phone.'],
  ['rate_limited', 429, 'rate_limited', 'said'],
  [
    ...(['unavailable', 503, 'unavailable'] as const),
    'Exotel could not be asked right now; try again shortly.',
  ],
  [
    ...(['what nobody knows', 503, 'unavailable'] as const),
    'Exotel could not be asked right now; try again shortly.',
  ],
])('%s is %s %s: %s', (stored, status, code, message) => {
  const refusal = refusalOf(answered(stored, { message: 'said' }))
  expect(refusal).toMatchObject({ apiCode: code, message })
  expect(refusal === null ? 0 : statusOf(refusal.apiCode)).toBe(status)
})

test('who is to wait is told how long', () => {
  expect(refusalOf(answered('rate_limited', { retryAfterS: 7 }))?.retryAfterS).toBe(7)
  expect(refusalOf(answered('rate_limited'))?.retryAfterS).toBe(60)
  expect(refusalOf(answered('unavailable'))?.retryAfterS).toBe(2)
})

test('a refusal that is not about the credentials tells so to programs too', () => {
  expect(refusalOf(answered('provider_forbidden'))?.details).toEqual({
    reason: 'provider_forbidden',
  })
})
