import { randomBytes } from 'node:crypto'

import { afterEach, describe, expect, it, vi } from 'vitest'

import { createKeyService } from '../key-service.ts'
import { kmsClient, kmsKey } from '../test-support/clients.ts'
import { kmsStandIn } from '../testing/index.ts'
import type { Misbehaviour } from '../testing/listen.ts'

const other = '9999abcd-12ab-34cd-56ef-1234567890ab'
const kms = async () => kmsStandIn({ keys: [kmsKey, other, 'alias/callwire'] })
const key = randomBytes(32)

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('a key wrapped by KMS', () => {
  it.each(['the id', 'the alias', 'the ARN'])('comes back as it was, by %s', async (by) => {
    await using server = await kms()
    const name = by === 'the alias' ? 'alias/callwire' : kmsKey
    const keyId = by === 'the ARN' ? server.arnOf(name) : name
    const client = kmsClient(server, { keyId })
    const wrapped = await client.wrap(key)
    expect(wrapped).toMatch(/^[A-Za-z0-9+/]+=*$/)
    expect(Buffer.from(await client.unwrap(wrapped))).toEqual(key)
  })
})

describe('what KMS refuses', () => {
  it.each([
    ['an unknown access key', { accessKeyId: 'AKIA0000000000000000' }],
    ['a wrong secret', { secretAccessKey: 'wrong' }],
  ])('%s', async (_what, credentials) => {
    await using server = await kms()
    await expect(kmsClient(server, credentials).wrap(key)).rejects.toMatchObject({
      code: 'key_service_denied',
      retryable: false,
      message: expect.stringMatching(/^AWS KMS at 127\.0\.0\.1:\d+ does not let us in/) as string,
    })
  })

  it('a principal without the permission', async () => {
    await using server = await kms()
    server.deny(true)
    await expect(kmsClient(server).wrap(key)).rejects.toMatchObject({ code: 'key_service_denied' })
  })

  it('a region that is not its own', async () => {
    await using server = await kms()
    const asked = kmsClient({ ...server, region: 'ap-south-1' }).wrap(key)
    await expect(asked).rejects.toMatchObject({ code: 'key_service_denied' })
  })

  it('a key that is not there, or is disabled', async () => {
    await using server = await kms()
    const absent = kmsClient(server, { keyId: 'alias/none' })
    await expect(absent.wrap(key)).rejects.toMatchObject({ code: 'key_service_rejected' })
    const client = kmsClient(server)
    const wrapped = await client.wrap(key)
    server.disable(kmsKey, true)
    await expect(client.unwrap(wrapped)).rejects.toMatchObject({ code: 'key_service_rejected' })
  })

  it('what another key wrapped, and what was changed', async () => {
    await using server = await kms()
    const client = kmsClient(server)
    const foreign = await kmsClient(server, { keyId: other }).wrap(key)
    const changed = Buffer.from(await client.wrap(key), 'base64')
    changed[120] = (changed[120] ?? 0) ^ 1
    for (const text of [foreign, changed.toString('base64'), randomBytes(160).toString('base64')]) {
      await expect(client.unwrap(text)).rejects.toMatchObject({ code: 'key_service_rejected' })
    }
  })

  it('a plaintext that is too long', async () => {
    await using server = await kms()
    await expect(kmsClient(server).wrap(randomBytes(4_097))).rejects.toMatchObject({
      code: 'key_service_rejected',
    })
  })
})

describe('what is not even sent', () => {
  it.each([
    ['a bare key', key.toString('base64')],
    ['nothing', ''],
    ['what Vault gave', 'vault:v1:AAAA'],
    ['no base64', `${'A'.repeat(200)}!`],
    ['more than KMS takes', 'A'.repeat(12_000)],
  ])('%s', async (_what, text) => {
    await using server = await kms()
    await expect(kmsClient(server).unwrap(text)).rejects.toMatchObject({
      code: 'key_service_rejected',
    })
    expect(server.asked).toEqual([])
  })

  it('anything, where no region is named', async () => {
    vi.stubEnv('AWS_REGION', '')
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent')
    const client = createKeyService({
      kind: 'aws-kms',
      keyId: kmsKey,
      region: undefined,
      endpoint: undefined,
    })
    await expect(client.wrap(key)).rejects.toMatchObject({
      code: 'key_service_rejected',
      message: expect.stringContaining('AWS_REGION is not set') as string,
    })
  })

  it('anything, without credentials', async () => {
    await using server = await kms()
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) {
      vi.stubEnv(name, '/nonexistent')
    }
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    const client = kmsClient(server, { accessKeyId: '', secretAccessKey: '' })
    await expect(client.wrap(key)).rejects.toMatchObject({ code: 'key_service_denied' })
    expect(server.asked).toEqual([])
  })
})

const answer =
  (status: number, body: string): Misbehaviour =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(body)
const fault = (status: number, type: string) => answer(status, `{"__type":"${type}"}`)
const plaintext = (bytes: Buffer) => `{"Plaintext":"${bytes.toString('base64')}"}`

describe('an answer that is none', () => {
  it.each<[string, Misbehaviour, string]>([
    ['nothing', () => undefined, 'key_service_unreachable'],
    ['a cut', (response) => response.destroy(), 'key_service_unreachable'],
    [
      'half a body',
      (response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{"Plain')
        setImmediate(() => response.destroy())
      },
      'key_service_unreachable',
    ],
    ['no JSON', answer(200, '<html>welcome</html>'), 'key_service_malformed'],
    ['other JSON', answer(200, '{}'), 'key_service_malformed'],
    ['a short key', answer(200, plaintext(randomBytes(31))), 'key_service_malformed'],
    ['throttling', fault(400, 'ThrottlingException'), 'key_service_unreachable'],
    ['a fault of its own', fault(500, 'KMSInternalException'), 'key_service_unreachable'],
    ['a key that is away', fault(500, 'KeyUnavailableException'), 'key_service_unreachable'],
    ['a proxy’s page', answer(502, '<html>bad gateway</html>'), 'key_service_unreachable'],
    ['an old token', fault(400, 'ExpiredTokenException'), 'key_service_denied'],
    ['an unknown refusal', fault(400, 'TeapotException'), 'key_service_malformed'],
  ])('is told as %s', async (what, how, code) => {
    await using server = await kms()
    const wrapped = await kmsClient(server).wrap(key)
    server.misbehave(how)
    const timeoutMs = what === 'nothing' ? 500 : 15_000
    await expect(kmsClient(server, { timeoutMs }).unwrap(wrapped)).rejects.toMatchObject({ code })
  })

  it.each([301, 302, 307, 308])('is not sought elsewhere (%d)', async (status) => {
    await using elsewhere = await kms()
    await using server = await kms()
    server.misbehave((response) =>
      response.writeHead(status, { location: `${elsewhere.url}/` }).end(),
    )
    const code = 'key_service_malformed'
    await expect(kmsClient(server).wrap(key)).rejects.toMatchObject({ code })
    expect(elsewhere.asked).toEqual([])
  })

  it('is not there where nothing listens', async () => {
    const server = await kms()
    await server[Symbol.asyncDispose]()
    await expect(kmsClient(server).wrap(key)).rejects.toMatchObject({
      code: 'key_service_unreachable',
      message: expect.stringMatching(/^AWS KMS at 127\.0\.0\.1:\d+ does not answer/) as string,
    })
  })
})
