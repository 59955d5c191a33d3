import { expect, test } from 'vitest'
import { exotelHosts, originOf } from './hosts.ts'

const hosts = exotelHosts(['api.exotel.com', 'api.in.exotel.com', '127.0.0.1:9100'])

test.each([
  ['api.exotel.com', true],
  ['127.0.0.1:9100', true],
  ['Api.exotel.com', false],
  ['api.exotel.com:443', false],
  ['ccm-api.exotel.com', false],
  ['127.0.0.1:9101', false],
])('%s is allowed: %s', (host, allowed) => {
  expect(hosts.isAllowed(host)).toBe(allowed)
})

test.each([
  ['api.exotel.com', 'ccm-api.exotel.com'],
  ['api.in.exotel.com', 'ccm-api.in.exotel.com'],
  ['127.0.0.1:9100', '127.0.0.1:9100'],
  ['constructor', 'constructor'],
])('the newer API of %s is at %s', (host, twin) => {
  expect(hosts.ccmTwin(host)).toBe(twin)
})

test.each([
  ['127.0.0.1:9100', true, 'http://127.0.0.1:9100'],
  ['localhost:9100', true, 'http://localhost:9100'],
  ['[::1]:9100', true, 'http://[::1]:9100'],
  ['127.0.0.1:9100', false, 'https://127.0.0.1:9100'],
  ['127.0.0.1', true, 'https://127.0.0.1'],
  ['10.0.0.1:9100', true, 'https://10.0.0.1:9100'],
  ['127.0.0.1.evil.example:80', true, 'https://127.0.0.1.evil.example:80'],
  ['api.exotel.com', true, 'https://api.exotel.com'],
])('%s with plain HTTP %s is spoken to at %s', (host, allowHttp, origin) => {
  expect(originOf(host, { allowHttp })).toBe(origin)
})
