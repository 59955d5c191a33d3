import { addressRanges } from '@callwire/runtime'
import { expect, it } from 'vitest'
import { clientAddress, silentKey } from './client-address.ts'

const trusted = addressRanges(['10.0.0.0/8', '::ffff:192.0.2.0/120'])

it.each([
  ['a direct peer that forges', '::ffff:203.0.113.9', '6.6.6.6', '203.0.113.9'],
  ['one proxy', '10.1.1.1', '203.0.113.9', '203.0.113.9'],
  ['a proxy in a mapped range, which writes ports', '192.0.2.1', '203.0.113.9:99', '203.0.113.9'],
  ['two headers', '10.1.1.1', ['6.6.6.6', '203.0.113.9'], '203.0.113.9'],
  ['a proxy that says nothing', '10.1.1.1', undefined, '10.1.1.1'],
  ['rubbish from a proxy', '10.1.1.1', 'evil, unknown', 'unknown'],
  ['nobody', undefined, '1.1.1.1', 'unknown'],
])('%s', (_what, remoteAddress, forwarded, client) => {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded as string }
  expect(clientAddress({ headers, socket: { remoteAddress } }, trusted)).toBe(client)
})

it.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:10.1.1.1', null],
  ['192.0.2.9', null],
  ['', ''],
])('a silent connection of %j counts as %j', (peer, key) => {
  expect(silentKey(peer, trusted)).toBe(key)
})
