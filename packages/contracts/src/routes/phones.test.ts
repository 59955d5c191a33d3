import { expect, test } from 'vitest'
import { importPhoneBody } from './phones.ts'

const exotelConfig = { apiKey: 'k', apiToken: 't', sid: 'acme1', subdomain: 'api.exotel.com' }
const whole = { number: '08047112233', country: 'IN', exotelConfig }

test('a phone is a number in a country; its account and the rest may wait', () => {
  expect(importPhoneBody.safeParse(whole).success).toBe(true)
  expect(importPhoneBody.safeParse({ number: '08047112233', country: 'IN' }).success).toBe(true)
})

test.each(['number', 'country'])('nobody guesses the %s', (field) => {
  expect(importPhoneBody.safeParse({ ...whole, [field]: undefined }).success).toBe(false)
})

test.each(['apiKey', 'apiToken', 'sid', 'subdomain'])('an account has its %s', (field) => {
  const part = { ...whole, exotelConfig: { ...exotelConfig, [field]: undefined } }
  expect(importPhoneBody.safeParse(part).success).toBe(false)
})

test.each(['../x', '%2e%2e', 'a?b', 'a#b', '', '-a', 'a\n', 'a'.repeat(65)])(
  'no account is called %j',
  (sid) => {
    const body = { ...whole, exotelConfig: { ...exotelConfig, sid } }
    expect(importPhoneBody.safeParse(body).success).toBe(false)
  },
)
