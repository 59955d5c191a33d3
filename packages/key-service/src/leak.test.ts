import { randomBytes } from 'node:crypto'
import { format, inspect } from 'node:util'

import { captureLogs } from '@callwire/testkit'
import { errorFields } from '@callwire/runtime'
import { afterEach, expect, test, vi } from 'vitest'

import type { KeyService } from './key-service.ts'
import { unwrapRing, wrapEntry } from './ring.ts'
import { kmsClient, kmsKey, transitKey, vaultClient, vaultToken } from './test-support/clients.ts'
import { kmsStandIn, vaultStandIn } from './testing/index.ts'
import type { Misbehaviour } from './testing/listen.ts'

const key = randomBytes(32)

afterEach(() => {
  vi.unstubAllEnvs()
})

/** Everything a careless program could print of an error. */
function shown(value: unknown): string {
  const logs = captureLogs()
  logs.log.error({ value, err: value, ...errorFields(value) }, 'shown')
  const own = value instanceof Error ? Object.getOwnPropertyNames(value) : []
  return [
    inspect(value, { depth: 20, showHidden: true }),
    format('%s %o %j', value, value, value),
    JSON.stringify(value, own),
    value instanceof Error ? `${value.message}${value.stack ?? ''}` : '',
    logs.text(),
  ].join('\n')
}

/** Sends everything it got back, header and body. */
const echo =
  (status: number, type: (text: string) => unknown): Misbehaviour =>
  (response, { headers, body }) => {
    response.writeHead(status).end(JSON.stringify(type(`${JSON.stringify(headers)} ${body}`)))
  }
const faults: [string, Misbehaviour][] = [
  ...[200, 307, 400, 403, 404, 429, 500, 503].flatMap((status): [string, Misbehaviour][] => [
    [`${status} with Vault’s errors`, echo(status, (text) => ({ errors: [text] }))],
    [
      `${status} with KMS’ errors`,
      echo(status, (text) => ({ __type: 'AccessDeniedException', message: text })),
    ],
    [
      `${status} with data`,
      echo(status, (text) => ({ data: { plaintext: text }, Plaintext: text })),
    ],
  ]),
  ['a cut', (response) => response.destroy()],
  ['no HTTP', (response, { headers }) => response.socket?.end(JSON.stringify(headers))],
]

async function expectClean(service: KeyService, secrets: string[], wrapped: string): Promise<void> {
  const text = `k1:${wrapped}`
  const errors = await Promise.all(
    [async () => unwrapRing(service, text), async () => wrapEntry(service, 'k1', key)].map((ask) =>
      ask().then(
        () => null,
        (error: unknown) => error,
      ),
    ),
  )
  for (const error of errors) {
    expect(error).not.toHaveProperty('cause')
    expect(error).toMatchObject({ code: expect.stringMatching(/^key_service_/) as string })
    const all = shown(error)
    for (const secret of [...secrets, key.toString('base64'), wrapped, wrapped.slice(9, 29)]) {
      expect(all).not.toContain(secret)
    }
  }
}

test.each(faults)('no error of Vault’s tells a token or a key: %s', async (_what, how) => {
  await using server = await vaultStandIn({ token: vaultToken, keys: [transitKey] })
  const service = vaultClient(server)
  const wrapped = await service.wrap(key)
  server.misbehave(how)
  await expectClean(service, [vaultToken], wrapped)
})

test.each(faults)('no error of KMS’ tells credentials or a key: %s', async (_what, how) => {
  await using server = await kmsStandIn({ keys: [kmsKey] })
  const service = kmsClient(server)
  const wrapped = await service.wrap(key)
  server.misbehave(how)
  await expectClean(service, [server.accessKeyId, server.secretAccessKey, kmsKey], wrapped)
})
