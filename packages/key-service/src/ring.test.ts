import { randomBytes } from 'node:crypto'

import { parseMasterRing } from '@callwire/crypto'
import { afterEach, expect, it, vi } from 'vitest'

import { createRingOpener, unwrapRing, wrapEntry } from './ring.ts'
import { kmsClient, kmsKey, transitKey, vaultClient, vaultToken } from './test-support/clients.ts'
import { kmsStandIn, vaultStandIn } from './testing/index.ts'

const vault = async () => vaultStandIn({ token: vaultToken, keys: [transitKey] })
const key1 = randomBytes(32)
const key2 = randomBytes(32)
const ring = `k1:${key1.toString('base64')},k2:${key2.toString('base64')}`

afterEach(() => {
  vi.unstubAllEnvs()
})

it.each(['vault', 'aws-kms'])('a ring wrapped by %s opens in its order', async (kind) => {
  await using vaultServer = await vault()
  await using kmsServer = await kmsStandIn({ keys: [kmsKey] })
  const service = kind === 'vault' ? vaultClient(vaultServer) : kmsClient(kmsServer)
  const entries = [await wrapEntry(service, 'k1', key1), await wrapEntry(service, 'k2', key2)]
  expect(entries[0]).toMatch(/^k1:/)
  expect(await unwrapRing(service, ` ${entries.join(' ,\n')}\n`)).toBe(ring)
  expect(() => parseMasterRing(ring)).not.toThrow()
})

it('entries that were opened once are never sent again', async () => {
  await using server = await vault()
  const service = vaultClient(server)
  const first = await wrapEntry(service, 'k1', key1)
  const second = await wrapEntry(service, 'k2', key2)
  const opener = createRingOpener(service)
  await opener.open(first)
  const asked = server.asked.length
  await opener.open(first)
  expect(server.asked.length).toBe(asked)

  server.seal(true)
  expect(await opener.open(first)).toBe(`k1:${key1.toString('base64')}`)
  await expect(opener.open(`${first},${second}`)).rejects.toMatchObject({ retryable: true })
  expect(await opener.open(first)).toBe(`k1:${key1.toString('base64')}`)

  server.seal(false)
  expect(await opener.open(`${first},${second}`)).toBe(ring)
  // k1 was removed from the ring, and with it from memory.
  await opener.open(second)
  const before = server.asked.length
  await opener.open(first)
  expect(server.asked.length).toBe(before + 1)
})

it.each([
  ['', 'Entry 1 of the key ring is empty'],
  ['vault:v1:AAAA,', 'Entry 2 of the key ring is empty'],
  [key1.toString('base64'), 'Entry 1 of the key ring is not of the form kid:base64'],
  ['K1:vault:v1:AAAA', 'malformed key id'],
  ['k1:vault:v1:AAAA,k1:vault:v1:BBBB', 'Entry 2 of the key ring repeats a key id'],
])('the ring %j is refused before anything is sent', async (text, sentence) => {
  await using server = await vault()
  await expect(unwrapRing(vaultClient(server), text)).rejects.toMatchObject({
    code: 'invalid_key',
    message: expect.stringContaining(sentence) as string,
  })
  expect(server.asked).toEqual([])
})

it('names the key that cannot be unwrapped', async () => {
  await using server = await vault()
  const service = vaultClient(server)
  const text = `${await wrapEntry(service, 'k1', key1)},k2:vault:v1:${key2.toString('base64')}`
  await expect(unwrapRing(service, text)).rejects.toMatchObject({
    code: 'key_service_rejected',
    message: expect.stringMatching(/^Key k2 cannot be unwrapped\. Vault at /) as string,
  })
})

it('no entry is made under a malformed key id', async () => {
  await using server = await vault()
  await expect(wrapEntry(vaultClient(server), 'K 1', key1)).rejects.toMatchObject({
    code: 'invalid_key',
  })
  expect(server.asked).toEqual([])
})
