import { describe, expect, it } from 'vitest'
import { clientAddress, parseTrustedProxies } from './client-address.ts'

const trusted = parseTrustedProxies(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32'])

describe('clientAddress', () => {
  it.each([
    ['a direct peer', '203.0.113.9', undefined, '203.0.113.9'],
    ['a direct peer that forges', '203.0.113.9', '6.6.6.6', '203.0.113.9'],
    ['a mapped peer', '::ffff:203.0.113.9', '6.6.6.6', '203.0.113.9'],
    ['one proxy', '10.1.1.1', '203.0.113.9', '203.0.113.9'],
    ['a mapped proxy', '::ffff:10.1.1.1', '203.0.113.9', '203.0.113.9'],
    ['a forger behind a proxy', '10.1.1.1', '6.6.6.6, 203.0.113.9', '203.0.113.9'],
    ['two proxies', '10.1.1.1', '203.0.113.9, 192.0.2.1', '203.0.113.9'],
    ['rubbish from a proxy', '10.1.1.1', 'evil, unknown', '10.1.1.1'],
    ['a proxy that says nothing', '10.1.1.1', undefined, '10.1.1.1'],
    ['IPv6', '2001:db8::1', '2001:dead::7', '2001:dead::7'],
    ['only proxies', '10.1.1.1', '10.2.2.2', '10.2.2.2'],
    ['nobody', undefined, '1.1.1.1', 'unknown'],
  ])('%s', (_what, peer, forwarded, client) => {
    expect(clientAddress(peer, forwarded, trusted)).toBe(client)
  })

  it('trusts nobody by default', () => {
    expect(clientAddress('127.0.0.1', '6.6.6.6', parseTrustedProxies([]))).toBe('127.0.0.1')
  })
})
