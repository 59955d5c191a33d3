import { ConfigError } from '@callwire/runtime'
import { expect, test } from 'vitest'
import { readCourierConfig } from './config.ts'
import { serviceKeys } from './test-support/world.ts'

const environment = {
  DATABASE_URL: 'postgres://localhost/callwire',
  REDIS_URL: 'redis://localhost',
  WEBHOOK_OPEN_KEYS: serviceKeys.WEBHOOK_OPEN_KEYS,
}

test('names no host that may be private unless told', () => {
  expect(readCourierConfig(environment)).toMatchObject({
    allowedHosts: [],
    host: '127.0.0.1',
    metricsPort: 9469,
  })
  const some = { ...environment, WEBHOOK_ALLOWED_HOSTS: 'CRM.internal:8443, 127.0.0.1:9000' }
  expect(readCourierConfig(some).allowedHosts).toEqual(['crm.internal:8443', '127.0.0.1:9000'])
})

test.each([
  ['WEBHOOK_ALLOWED_HOSTS', 'crm.internal', 'host:port'],
  ['WEBHOOK_ALLOWED_HOSTS', 'https://crm.internal:1', 'list of host names'],
  ['WEBHOOK_OPEN_KEYS', serviceKeys.WEBHOOK_SEAL_KEYS.slice(0, 20), 'key ring'],
  ['WEBHOOK_OPEN_KEYS', '', 'is not set'],
])('a malformed %s is told by its name', (name, value, words) => {
  const read = () => readCourierConfig({ ...environment, [name]: value })
  expect(read).toThrow(ConfigError)
  expect(read).toThrow(new RegExp(`${name}.*${words}`))
})
