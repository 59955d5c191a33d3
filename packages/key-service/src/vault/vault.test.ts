import { randomBytes } from 'node:crypto'

import { describe, expect, it } from 'vitest'

import { vaultClient, vaultToken } from '../test-support/clients.ts'
import { vaultStandIn } from '../testing/index.ts'
import type { Misbehaviour } from '../testing/listen.ts'

const vault = async (o: { namespace?: string } = {}) =>
  vaultStandIn({ token: vaultToken, keys: ['callwire', 'other'], ...o })
const key = randomBytes(32)

describe('a key wrapped by Vault', () => {
  it('comes back as it was', async () => {
    await using server = await vault()
    const client = vaultClient(server)
    const wrapped = await client.wrap(key)
    expect(wrapped).toMatch(/^vault:v1:/)
    expect(Buffer.from(await client.unwrap(wrapped))).toEqual(key)
  })

  it('comes back after Vault has rotated its own key', async () => {
    await using server = await vault()
    const client = vaultClient(server)
    const wrapped = await client.wrap(key)
    server.rotate('callwire')
    expect(await client.wrap(key)).toMatch(/^vault:v2:/)
    expect(Buffer.from(await client.unwrap(wrapped))).toEqual(key)
  })

  it('is asked for in the namespace', async () => {
    await using server = await vault({ namespace: 'team/a' })
    const client = vaultClient(server, { namespace: 'team/a/' })
    expect(Buffer.from(await client.unwrap(await client.wrap(key)))).toEqual(key)
    await expect(vaultClient(server).wrap(key)).rejects.toMatchObject({
      code: 'key_service_denied',
    })
  })
})

describe('what Vault refuses', () => {
  it('a wrong token', async () => {
    await using server = await vault()
    const asked = vaultClient(server, { token: 'hvs.wrong' }).wrap(key)
    await expect(asked).rejects.toMatchObject({
      code: 'key_service_denied',
      retryable: false,
      message: expect.stringMatching(
        /^Vault at 127\.0\.0\.1:\d+ does not let us in: check VAULT_TOKEN/,
      ) as string,
    })
  })

  it('a key that is not there', async () => {
    await using server = await vault()
    const wrapped = await vaultClient(server).wrap(key)
    const client = vaultClient(server, { transitKey: 'callwier' })
    await expect(client.wrap(key)).rejects.toMatchObject({ code: 'key_service_denied' })
    await expect(client.unwrap(wrapped)).rejects.toMatchObject({ code: 'key_service_rejected' })
  })

  it('what another key wrapped, and what was changed', async () => {
    await using server = await vault()
    const client = vaultClient(server)
    const foreign = await vaultClient(server, { transitKey: 'other' }).wrap(key)
    const wrapped = await client.wrap(key)
    const changed = `${wrapped.slice(0, 12)}${wrapped[12] === 'A' ? 'B' : 'A'}${wrapped.slice(13)}`
    for (const text of [foreign, changed, wrapped.replace('v1', 'v7'), 'vault:v1:AAAA']) {
      await expect(client.unwrap(text)).rejects.toMatchObject({ code: 'key_service_rejected' })
    }
  })

  it('a version that may open nothing any more', async () => {
    await using server = await vault()
    const client = vaultClient(server)
    const wrapped = await client.wrap(key)
    server.rotate('callwire')
    server.setMinDecryptionVersion('callwire', 2)
    await expect(client.unwrap(wrapped)).rejects.toMatchObject({ code: 'key_service_rejected' })
  })

  it('everything while it is sealed, and then it may be asked again', async () => {
    await using server = await vault()
    server.seal(true)
    await expect(vaultClient(server).wrap(key)).rejects.toMatchObject({
      code: 'key_service_unreachable',
      retryable: true,
      message: expect.stringContaining('sealed') as string,
    })
    server.seal(false)
    await expect(vaultClient(server).wrap(key)).resolves.toMatch(/^vault:/)
  })

  it('a mount that is not there', async () => {
    await using server = await vault()
    await expect(vaultClient({ url: `${server.url}/elsewhere` }).wrap(key)).rejects.toMatchObject({
      code: 'key_service_rejected',
      message: expect.stringContaining('transit/') as string,
    })
  })
})

describe('what is not even sent', () => {
  it.each([
    ['a bare key', key.toString('base64')],
    ['nothing', ''],
    ['a prefix alone', 'vault:v1:'],
    ['a version without its letter', 'vault:1:AAAA'],
    ['a blank', 'vault:v1:AA AA'],
    ['a line end', 'vault:v1:A\n'],
  ])('%s', async (_what, text) => {
    await using server = await vault()
    await expect(vaultClient(server).unwrap(text)).rejects.toMatchObject({
      code: 'key_service_rejected',
    })
    expect(server.asked).toEqual([])
  })
})

const json =
  (status: number, body: string): Misbehaviour =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
const plaintext = (bytes: Buffer) => `{"data":{"plaintext":"${bytes.toString('base64')}"}}`

describe('an answer that is none', () => {
  it.each<[string, Misbehaviour, string]>([
    ['nothing', () => undefined, 'key_service_unreachable'],
    ['a cut', (response) => response.destroy(), 'key_service_unreachable'],
    [
      'half a body',
      (response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{"data"')
        setImmediate(() => response.destroy())
      },
      'key_service_unreachable',
    ],
    ['too much', json(200, 'x'.repeat(70_000)), 'key_service_unreachable'],
    ['no JSON', json(200, '<html>welcome</html>'), 'key_service_malformed'],
    ['other JSON', json(200, '{"data":{}}'), 'key_service_malformed'],
    ['no content', (response) => response.writeHead(204).end(), 'key_service_malformed'],
    ['a short key', json(200, plaintext(randomBytes(31))), 'key_service_malformed'],
    ['a long key', json(200, plaintext(randomBytes(64))), 'key_service_malformed'],
    ['no base64', json(200, '{"data":{"plaintext":"!!!"}}'), 'key_service_malformed'],
    ['too many requests', json(429, '{"errors":["rate limit"]}'), 'key_service_unreachable'],
    ['not consistent yet', json(412, '{"errors":[]}'), 'key_service_unreachable'],
    ['a fault of its own', json(500, '{"errors":["internal error"]}'), 'key_service_unreachable'],
    ['not initialised', json(501, '{}'), 'key_service_unreachable'],
    ['a proxy’s refusal', json(401, 'who are you'), 'key_service_denied'],
  ])('is told as %s', async (what, how, code) => {
    await using server = await vault()
    const wrapped = await vaultClient(server).wrap(key)
    server.misbehave(how)
    const timeoutMs = what === 'nothing' ? 200 : 15_000
    const asked = vaultClient(server, { timeoutMs }).unwrap(wrapped)
    await expect(asked).rejects.toMatchObject({ code })
  })

  it.each([301, 302, 307, 308])('is not sought elsewhere (%d)', async (status) => {
    await using elsewhere = await vault()
    await using server = await vault()
    server.misbehave((response, { path }) =>
      response.writeHead(status, { location: `${elsewhere.url}${path}` }).end(),
    )
    await expect(vaultClient(server).wrap(key)).rejects.toMatchObject({
      code: 'key_service_malformed',
      message: expect.stringContaining('not followed') as string,
    })
    expect(elsewhere.asked).toEqual([])
  })

  it('is not there where nothing listens', async () => {
    const { url } = await vault().then(async (server) => {
      await server[Symbol.asyncDispose]()
      return server
    })
    await expect(vaultClient({ url }).wrap(key)).rejects.toMatchObject({
      code: 'key_service_unreachable',
      message: expect.stringMatching(
        /^Vault at 127\.0\.0\.1:\d+ does not answer: check VAULT_ADDR/,
      ) as string,
    })
  })

  it('does not end a wrap with something that is no ciphertext', async () => {
    await using server = await vault()
    server.misbehave(json(200, '{"data":{"ciphertext":"k1:abc,k2:def"}}'))
    await expect(vaultClient(server).wrap(key)).rejects.toMatchObject({
      code: 'key_service_malformed',
    })
  })
})
