import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPublicAddress } from './reachable.ts'

test.each([
  '8.8.8.8',
  '1.1.1.1',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '100.128.0.0',
  '169.253.1.1',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001:81b::200e',
  '::ffff:8.8.8.8',
  '::ffff:808:808',
  '64:ff9b::8.8.8.8',
  '64:ff9b::808:808',
  '2002:808:808::1',
])('%s is of the public internet', (address) => {
  expect(isPublicAddress(address)).toBe(true)
})

test.each([
  // This machine, this network, nobody.
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '0.1.2.3',
  '::1',
  '::',
  // Private networks and the cloud's own address for what a machine must not tell.
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '100.100.100.200',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  // Multicast, broadcast, reserved, documentation, benchmarks.
  '224.0.0.1',
  'ff02::1',
  '255.255.255.255',
  '240.0.0.1',
  '192.0.0.1',
  '192.0.2.1',
  '198.51.100.1',
  '203.0.113.1',
  '198.18.0.1',
  '2001:db8::1',
  '3fff::1',
  '100::1',
  '5f00::1',
  '2001::1',
  '2001:2::1',
  // An IPv4 address inside.
  '::ffff:127.0.0.1',
  '::ffff:a00:1',
  '::ffff:169.254.169.254',
  '::127.0.0.1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::8.8.8.8',
  '2002:7f00:1::',
  '2002:a9fe:a9fe::1',
  '2002:c0a8:101::1',
  '::ffff:0:127.0.0.1',
  // No address, or one that only a careless reader takes for one.
  '',
  'localhost',
  '127.1',
  '0x7f000001',
  '2130706433',
  '0177.0.0.1',
  '010.8.8.8',
  '8.8.8',
  '8.8.8.8/32',
  ' 8.8.8.8',
])('%s is not', (address) => {
  expect(isPublicAddress(address)).toBe(false)
})

test('no way of carrying a private IPv4 address in an IPv6 one makes it public', () => {
  const byte = fc.integer({ min: 0, max: 255 })
  const inside = fc.oneof(
    fc.tuple(fc.constant(10), byte, byte, byte),
    fc.tuple(fc.constant(127), byte, byte, byte),
    fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
    fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
    fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
  )
  fc.assert(
    fc.property(inside, ([a, b, c, d]) => {
      const hex = (high: number, low: number) => ((high << 8) | low).toString(16)
      const halves = `${hex(a, b)}:${hex(c, d)}`
      for (const text of [`::ffff:${halves}`, `64:ff9b::${halves}`, `2002:${halves}::1`]) {
        expect(isPublicAddress(text)).toBe(false)
      }
    }),
  )
})
