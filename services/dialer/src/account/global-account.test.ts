import { ConfigError, Secret } from '@callwire/runtime'
import { expect, test } from 'vitest'
import {
  readGlobalAccount,
  requireSingleTenant,
  type GlobalAccountVariables,
} from './global-account.ts'

const whole: GlobalAccountVariables = {
  EXOTEL_GLOBAL_FALLBACK: true,
  EXOTEL_API_KEY: new Secret('k'),
  EXOTEL_API_TOKEN: new Secret('t'),
  EXOTEL_SID: 'acme1',
  EXOTEL_SUBDOMAIN: 'api.exotel.com',
}
const allowed = ['api.exotel.com']

function problemOf(work: () => unknown): ConfigError {
  try {
    work()
  } catch (error) {
    if (error instanceof ConfigError) return error
  }
  throw new Error('nothing was refused')
}

test('is what the five variables say, and nothing unless asked for', () => {
  expect(readGlobalAccount(whole, allowed)).toMatchObject({ host: 'api.exotel.com', sid: 'acme1' })
  expect(readGlobalAccount({ ...whole, EXOTEL_GLOBAL_FALLBACK: false }, allowed)).toBeNull()
  const only = { EXOTEL_GLOBAL_FALLBACK: false, EXOTEL_SUBDOMAIN: 'evil.example' }
  expect(readGlobalAccount(only, allowed)).toBeNull()
})

test.each(['EXOTEL_API_KEY', 'EXOTEL_API_TOKEN', 'EXOTEL_SID', 'EXOTEL_SUBDOMAIN'])(
  'misses %s by its name',
  (name) => {
    const error = problemOf(() => readGlobalAccount({ ...whole, [name]: undefined }, allowed))
    expect(error.variables).toEqual([name])
    expect(error.message).toBe(`${name} is not set; EXOTEL_GLOBAL_FALLBACK needs it.`)
  },
)

test.each([
  ['EXOTEL_SUBDOMAIN', 'API.exotel.com'],
  ['EXOTEL_SUBDOMAIN', 'evil.example'],
  ['EXOTEL_SID', '../../v2'],
])('refuses %s %s, without repeating it', (name, value) => {
  const error = problemOf(() => readGlobalAccount({ ...whole, [name]: value }, allowed))
  expect(error.variables).toEqual([name])
  expect(error.message).not.toContain(value)
})

test('is for one tenant alone', async () => {
  const finder = (count: number) => ({ tenantCount: () => Promise.resolve(count) })
  const account = readGlobalAccount(whole, allowed)
  await requireSingleTenant(finder(0), account)
  await requireSingleTenant(finder(1), account)
  await requireSingleTenant(finder(2), null)
  const refused = requireSingleTenant(finder(2), account)
  await expect(refused).rejects.toBeInstanceOf(ConfigError)
  await expect(refused).rejects.toThrow(/installs of one tenant, and this one has 2/)
})
