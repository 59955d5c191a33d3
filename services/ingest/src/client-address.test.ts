import { macToken, parseMacRing } from '@callwire/crypto'
import { addressRanges, edgeProof } from '@callwire/runtime'
import { manualClock } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { clientOf, silentKey } from './client-address.ts'

const clock = manualClock()
const ringOf = (byte: number) => parseMacRing(`k1:${Buffer.alloc(32, byte).toString('base64')}`)
const edgeRing = ringOf(2)
const deps = {
  clock,
  edgeRing,
  allowedIps: addressRanges(['203.0.113.0/24', '2001:db8:5::/48', '127.0.0.1']),
  trustedProxies: addressRanges(['10.0.0.0/8', '::ffff:192.0.2.0/120']),
}
const proven = (address: string, ring = edgeRing) => ({
  'x-forwarded-for': address,
  'x-callwire-edge': edgeProof((m) => macToken(ring, 'edge', m), address, clock.now() / 1000),
})

type Row = [string, string, Record<string, string>, ReturnType<typeof clientOf>]
const client = (address: string | null, countedAs: string | null) => ({
  address,
  countedAs,
  isListed: countedAs === null,
})
test.each<Row>([
  ['its own peer', '198.51.100.7', {}, client('198.51.100.7', '198.51.100.7')],
  ['a mapped peer', '::ffff:198.51.100.7', {}, client('198.51.100.7', '198.51.100.7')],
  ['a listed peer', '::ffff:203.0.113.9', {}, client('203.0.113.9', null)],
  ['an IPv6 peer', '2001:db8:1:2::9', {}, client('2001:db8:1:2::9', '2001:db8:1:2::/64')],
  ['a listed IPv6 peer', '2001:db8:5::9', {}, client('2001:db8:5::9', null)],
  [
    'a peer that claims to be listed',
    '198.51.100.7',
    { 'x-forwarded-for': '203.0.113.9' },
    client('198.51.100.7', '198.51.100.7'),
  ],
  [
    'behind a trusted proxy',
    '::ffff:10.1.2.3',
    { 'x-forwarded-for': '203.0.113.9, 198.51.100.7, 10.9.9.9' },
    client('198.51.100.7', '198.51.100.7'),
  ],
  [
    'behind a trusted proxy of a mapped range, which writes ports',
    '192.0.2.4',
    { 'x-forwarded-for': '203.0.113.9, 198.51.100.7:5060' },
    client('198.51.100.7', '198.51.100.7'),
  ],
  [
    'behind a trusted proxy that does not know',
    '10.1.2.3',
    { 'x-forwarded-for': '203.0.113.9, unknown' },
    client(null, 'unknown'),
  ],
  ['through a gateway that does not know', '127.0.0.1', proven('unknown'), client(null, 'unknown')],
  [
    'through a gateway whose proof is for another address',
    '127.0.0.1',
    { ...proven('203.0.113.9'), 'x-forwarded-for': '203.0.113.10' },
    client(null, 'unknown'),
  ],
  ['through the gateway', '127.0.0.1', proven('203.0.113.9'), client('203.0.113.9', null)],
  [
    'through somebody who plays the gateway',
    '127.0.0.1',
    proven('203.0.113.9', ringOf(3)),
    client(null, 'unknown'),
  ],
])('%s', (_name, remoteAddress, headers, expected) => {
  expect(clientOf(deps, { headers, socket: { remoteAddress } })).toEqual(expected)
})

test.each([
  ['198.51.100.7', '198.51.100.7'],
  ['::ffff:198.51.100.7', '198.51.100.7'],
  ['::ffff:10.1.2.3', null],
  ['203.0.113.200', null],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
])('a silent connection from %s counts as %s', (remoteAddress, key) => {
  expect(silentKey(deps, remoteAddress)).toBe(key)
})
