import { parseMacRing } from '@callwire/crypto'
import { addressRanges } from '@callwire/runtime'
import { manualClock } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { createJudge, type HandshakeDeps } from './judge-handshake.ts'
import { createUnproven, UNPROVEN_PER_CLIENT } from './unproven.ts'
import { createWaiting } from './waiting.ts'

const WITH_TOKEN = `/v1/ingest/t/${'x'.repeat(32)}`

/** Handshakes whose tokens the database does not say anything of. */
function setUp(o: { allowedIps?: string[] } = {}) {
  const clock = manualClock()
  let asked = 0
  const deps = {
    clock,
    edgeRing: parseMacRing(`k1:${Buffer.alloc(32, 2).toString('base64')}`),
    allowedIps: addressRanges(o.allowedIps ?? []),
    trustedProxies: addressRanges([]),
    admitsByAddress: false,
    isDraining: () => false,
    unproven: createUnproven({ clock }),
    waiting: createWaiting(),
    alertStreamCap: () => undefined,
    tokens: { verifyIngest: () => Promise.resolve(null) },
    database: {
      finder: {
        streamTokenByHash: () => {
          asked += 1
          return new Promise(() => undefined)
        },
      },
    },
  } as unknown as HandshakeDeps
  const judge = createJudge(deps)
  const ask = (remoteAddress: string, url = WITH_TOKEN) =>
    judge({ url, headers: {}, socket: { remoteAddress } }).then(({ kind }) => kind)
  const settle = async () => {
    for (let i = 0; i < 20; i += 1) await Promise.resolve()
  }
  return { ask, settle, asked: () => asked }
}

test('whoever waits in their own line keeps nobody else out', async () => {
  const { ask, settle, asked } = setUp()
  for (const address of ['203.0.113.1', '203.0.113.2']) {
    for (let i = 0; i < UNPROVEN_PER_CLIENT + 256; i += 1) void ask(address)
  }
  await settle()
  expect(asked()).toBe(2 * UNPROVEN_PER_CLIENT)
  expect(await ask('203.0.113.3', '/v1/ingest')).toBe(401)
})

test('no more are judged than may be, whoever they are', async () => {
  const { ask, settle, asked } = setUp()
  for (let client = 1; client <= 8; client += 1) {
    for (let i = 0; i < UNPROVEN_PER_CLIENT; i += 1) void ask(`203.0.113.${client}`)
  }
  await settle()
  expect(asked()).toBe(512)
  expect(await ask('203.0.113.9')).toBe(503)
  expect(asked()).toBe(512)
})

test('who is on the allow-list is neither counted nor kept out', async () => {
  const { ask, settle, asked } = setUp({ allowedIps: ['198.51.100.0/24'] })
  for (let i = 0; i < 600; i += 1) void ask('198.51.100.1')
  await settle()
  expect(asked()).toBe(600)
  expect(await ask('203.0.113.1')).toBe(401)
  expect(asked()).toBe(600)
})
