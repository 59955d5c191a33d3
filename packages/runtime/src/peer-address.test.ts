import { describe, expect, test } from 'vitest'
import { addressRanges, peerAddress, readAddress } from './peer-address.ts'

test.each([
  ['203.0.113.9', '203.0.113.9'],
  [' 203.0.113.9 ', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['::FFFF:cb00:7109', '203.0.113.9'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['203.0.113.9:443', '203.0.113.9'],
  ['[2001:db8::1]:443', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[::ffff:203.0.113.9]:443', '203.0.113.9'],
  ['[203.0.113.9]:443', null],
  ['203.0.113.9:', null],
  ['203.0.113.9:http', null],
  ['0x7f.1', null],
  ['127.1', null],
  ['1', null],
  ['0177.0.0.1', null],
  ['203.0.113.256', null],
  ['203.0.113.9/32', null],
  ['"203.0.113.9"', null],
  ['unknown', null],
  ['', null],
  [undefined, null],
])('%j is read as %s', (text, address) => {
  expect(readAddress(text)).toBe(address)
})

describe('addressRanges', () => {
  test.each([
    ['10.1.2.3', ['10.0.0.0/8'], true],
    ['11.1.2.3', ['10.0.0.0/8'], false],
    ['::ffff:10.1.2.3', ['10.0.0.0/8'], true],
    ['10.1.2.3', ['::ffff:10.0.0.0/104'], true],
    ['11.1.2.3', ['::ffff:10.0.0.0/104'], false],
    ['10.1.2.3', ['::ffff:10.1.2.3'], true],
    ['2001:db8::5', ['10.0.0.0/8', '2001:db8::/32'], true],
    ['2001:db9::5', ['10.0.0.0/8', '2001:db8::/32'], false],
    ['127.0.0.1', ['127.0.0.1'], true],
    ['127.0.0.2', ['127.0.0.1'], false],
    ['::1', ['127.0.0.1'], false],
    ['::1', ['0.0.0.0/0'], false],
    ['127.0.0.1', ['::/0'], false],
    ['1', ['0.0.0.0/0'], false],
    [null, ['0.0.0.0/0'], false],
    ['127.0.0.1', [], false],
  ])('%s in %j: %s', (address, ranges, expected) => {
    expect(addressRanges(ranges).has(address)).toBe(expected)
    expect(addressRanges(ranges).isEmpty).toBe(ranges.length === 0)
  })
})

describe('peerAddress', () => {
  const trusted = addressRanges(['10.0.0.0/8', '::ffff:192.0.2.0/120', '2001:db8::/32'])

  test.each([
    ['a direct peer', '203.0.113.9', undefined, '203.0.113.9'],
    ['a direct peer that forges', '203.0.113.9', '6.6.6.6', '203.0.113.9'],
    ['a mapped peer that forges', '::ffff:203.0.113.9', '6.6.6.6', '203.0.113.9'],
    ['an IPv6 peer with a zone', 'fe80::1%eth0', undefined, 'fe80::1'],
    ['one proxy', '10.1.1.1', '203.0.113.9', '203.0.113.9'],
    ['a mapped proxy', '::ffff:10.1.1.1', '203.0.113.9', '203.0.113.9'],
    ['a proxy in a mapped range', '192.0.2.7', '203.0.113.9', '203.0.113.9'],
    ['a proxy that writes ports', '10.1.1.1', '203.0.113.9:5060', '203.0.113.9'],
    ['a proxy that writes ports to IPv6', '10.1.1.1', '[2001:dead::7]:5060', '2001:dead::7'],
    ['a forger behind a proxy', '10.1.1.1', '6.6.6.6, 203.0.113.9', '203.0.113.9'],
    ['two proxies', '10.1.1.1', '1.1.1.1, 203.0.113.9, 192.0.2.1', '203.0.113.9'],
    ['an IPv6 proxy', '2001:db8::1', '2001:dead::7', '2001:dead::7'],
    ['only proxies', '10.1.1.1', '10.2.2.2', '10.2.2.2'],
    ['a proxy that says nothing', '10.1.1.1', undefined, '10.1.1.1'],
    ['rubbish from a proxy', '10.1.1.1', 'evil, unknown', null],
    ['rubbish behind two proxies', '10.1.1.1', '203.0.113.9, _hidden, 10.2.2.2', null],
    ['an address that only some would read', '10.1.1.1', '0x7f.1', null],
    ['an empty entry', '10.1.1.1', '', null],
    ['a peer that is gone', undefined, '1.1.1.1', null],
  ])('%s', (_name, remoteAddress, forwardedFor, expected) => {
    expect(peerAddress({ remoteAddress, forwardedFor, trusted })).toBe(expected)
  })

  test('trusts nobody by default', () => {
    const o = { remoteAddress: '127.0.0.1', forwardedFor: '6.6.6.6' }
    expect(peerAddress({ ...o, trusted: addressRanges([]) })).toBe('127.0.0.1')
  })
})
