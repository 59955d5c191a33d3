import { expect, test } from 'vitest'
import { variables } from './variables.ts'

test.each([
  ['port', '0', 0],
  ['port', '65535', 65_535],
  ['durationMs', '35000', 35_000],
  ['booleanFlag', 'false', false],
  ['logLevel', 'trace', 'trace'],
  ['cidrList', '10.0.0.0/8, ::1, fd00::/8', ['10.0.0.0/8', '::1', 'fd00::/8']],
  [
    'hostList',
    'API.exotel.com,127.0.0.1:9000,[::1]:80',
    ['api.exotel.com', '127.0.0.1:9000', '[::1]:80'],
  ],
] as const)('%s takes %s', (name, text, value) => {
  expect(variables[name].parse(text)).toEqual(value)
})

test.each([
  ['port', '-1'],
  ['port', '80a'],
  ['durationMs', '1.5'],
  ['durationMs', '99999999999999'],
  ['booleanFlag', 'TRUE'],
  ['logLevel', 'loud'],
  ['cidrList', '10.0.0.0/33'],
  ['cidrList', '10.0.0'],
  ['cidrList', 'fd00::/129'],
  ['hostList', 'https://api.exotel.com'],
  ['hostList', 'a@b'],
  ['hostList', 'a:99999'],
  ['hostList', 'a.'],
  ['url', 'not a url'],
] as const)('%s refuses %s', (name, text) => {
  expect(variables[name].safeParse(text).success).toBe(false)
})
