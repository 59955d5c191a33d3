import { describe, expect, test } from 'vitest'
import { isInRanges, peerAddress } from './peer-address.ts'

const isEdge = (proof: string, forwardedFor: string) => proof === `proof of ${forwardedFor}`
const none = { forwardedFor: undefined, edgeProof: undefined, isEdge, trustedProxies: [] }

describe('peerAddress', () => {
  test.each([
    ['a plain peer', { ...none, remoteAddress: '203.0.113.9' }, '203.0.113.9'],
    ['an IPv4-mapped peer', { ...none, remoteAddress: '::ffff:203.0.113.9' }, '203.0.113.9'],
    ['an IPv6 peer with a zone', { ...none, remoteAddress: 'fe80::1%eth0' }, 'fe80::1'],
    [
      'X-Forwarded-For from just anybody',
      { ...none, remoteAddress: '203.0.113.9', forwardedFor: '127.0.0.1' },
      '203.0.113.9',
    ],
    [
      'the edge with its proof',
      {
        ...none,
        remoteAddress: '127.0.0.1',
        forwardedFor: '198.51.100.7',
        edgeProof: 'proof of 198.51.100.7',
      },
      '198.51.100.7',
    ],
    [
      'the edge with a proof for another address',
      {
        ...none,
        remoteAddress: '127.0.0.1',
        forwardedFor: '198.51.100.7',
        edgeProof: 'proof of 127.0.0.1',
      },
      null,
    ],
    [
      'the edge with its proof of nothing',
      { ...none, remoteAddress: '127.0.0.1', edgeProof: 'proof of ' },
      null,
    ],
    [
      'a trusted proxy',
      {
        ...none,
        remoteAddress: '10.0.0.1',
        forwardedFor: '1.1.1.1, 198.51.100.7',
        trustedProxies: ['10.0.0.0/8'],
      },
      '198.51.100.7',
    ],
    [
      'a chain of trusted proxies',
      {
        ...none,
        remoteAddress: '::ffff:10.0.0.1',
        forwardedFor: '1.1.1.1, 198.51.100.7, 10.0.0.2',
        trustedProxies: ['10.0.0.0/8'],
      },
      '198.51.100.7',
    ],
    [
      'a trusted proxy that sends rubbish',
      {
        ...none,
        remoteAddress: '10.0.0.1',
        forwardedFor: 'unknown',
        trustedProxies: ['10.0.0.0/8'],
      },
      null,
    ],
    ['a peer that is gone', { ...none, remoteAddress: undefined }, null],
  ])('%s', (_name, input, expected) => {
    expect(peerAddress(input)).toBe(expected)
  })
})

describe('isInRanges', () => {
  test.each([
    ['10.1.2.3', ['10.0.0.0/8'], true],
    ['11.1.2.3', ['10.0.0.0/8'], false],
    ['::ffff:10.1.2.3', ['10.0.0.0/8'], true],
    ['10.1.2.3', ['::ffff:10.0.0.0/104'], true],
    ['11.1.2.3', ['::ffff:10.0.0.0/104'], false],
    ['2001:db8::5', ['10.0.0.0/8', '2001:db8::/32'], true],
    ['127.0.0.1', ['127.0.0.1'], true],
    ['127.0.0.2', ['127.0.0.1'], false],
    ['::1', ['127.0.0.1'], false],
    ['1', ['0.0.0.0/0'], false],
    [null, ['0.0.0.0/0'], false],
    ['127.0.0.1', [], false],
  ])('%s in %j: %s', (address, ranges, expected) => {
    expect(isInRanges(address, ranges)).toBe(expected)
  })
})
