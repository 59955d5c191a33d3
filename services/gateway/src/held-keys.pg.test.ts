import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServiceKeys } from '@callwire/crypto'
import { connectProvisioner, type Provisioner } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { rowsOf } from './testing/database-rows.ts'
import { fixturesOf } from './testing/fixtures.ts'
import {
  gatewayUnderTest,
  masterKey,
  serviceKeys,
  type GatewayUnderTest,
} from './testing/gateway-under-test.ts'

vi.setConfig({ testTimeout: 90_000 })

const names = [
  'CREDENTIAL_SEAL_KEYS',
  'WEBHOOK_SEAL_KEYS',
  'CONTENT_KEYS',
  'CALLBACK_KEYS',
  'EDGE_KEYS',
] as const

let opened: AsyncDisposableStack
let dir: string
beforeEach(() => {
  opened = new AsyncDisposableStack()
  dir = mkdtempSync(join(tmpdir(), 'gateway-rings-'))
  opened.defer(() => rmSync(dir, { recursive: true, force: true }))
})
afterEach(() => opened.disposeAsync())

function writeRings(keys: ServiceKeys): void {
  for (const name of names) writeFileSync(join(dir, name), keys[name])
}

async function start(o: Parameters<typeof gatewayUnderTest>[0]) {
  const gw = opened.use(await gatewayUnderTest(o))
  const install: Provisioner = connectProvisioner({ url: gw.databaseUrl })
  opened.defer(() => install.close())
  return { gw, install }
}

const ready = async (gw: GatewayUnderTest) => {
  const { status, json } = await gw.send({ method: 'GET', url: '/readyz' })
  return { status, keys: (json as { checks: Record<string, string> }).checks['keys'] }
}

describe('a gateway', () => {
  it('is not ready while it lacks the key that seals', async () => {
    const { gw, install } = await start({})
    await expect.poll(() => ready(gw)).toEqual({ status: 200, keys: 'ok' })
    // Nobody asks it first: what somebody does past the rule that every process has the key.
    await install.keys.introduce('k2', { primary: 'k1' })
    expect(await install.keys.promote('k2', { from: 'k1' })).toBe(true)
    await expect
      .poll(() => ready(gw), { timeout: 20_000 })
      .toEqual({ status: 503, keys: 'primary_missing' })
  })

  it('takes a key from its files and seals with it once it is promoted, without a restart', async () => {
    const k1 = masterKey('k1')
    const k2 = masterKey('k2')
    writeRings(serviceKeys(k1))
    const inFiles = Object.fromEntries(
      names.flatMap((name) => [
        [name, ''],
        [`${name}_FILE`, join(dir, name)],
      ]),
    )
    const { gw } = await start({ keys: serviceKeys(k1), env: inFiles })
    const token = gw.tenant.apiKey
    const step = (name: string) =>
      gw.send({ method: 'POST', url: `/api/v1/keys/${name}`, token, body: { kid: 'k2' } })
    await fixturesOf(gw, token)
    expect((await step('introduce')).json).toMatchObject({ data: { lacking: [{}] } })
    writeRings(serviceKeys(k1, k2))
    await eventually(
      async () => {
        const { json } = await step('introduce')
        return (json as { data: { lacking: unknown[] } }).data.lacking.length === 0
      },
      { boundMs: 30_000 },
    )
    expect((await step('promote')).json).toMatchObject({ data: { key: { state: 'primary' } } })
    await eventually(
      async () => {
        const status = await gw.send({ method: 'GET', url: '/api/v1/keys/status', token })
        const { processes } = (status.json as { data: { processes: { primary: string }[] } }).data
        return processes.every(({ primary }) => primary === 'k2')
      },
      { boundMs: 30_000 },
    )
    const before = await rowsOf(gw.databaseUrl, 'calls')
    await fixturesOf(gw, token)
    const after = await rowsOf(gw.databaseUrl, 'calls')
    const made = after.filter(({ id }) => before.every((row) => row['id'] !== id))
    expect(made).toMatchObject([
      { person_kid: 'k2', person_index: expect.stringMatching(/^k2\./) as string },
    ])
    await expect.poll(() => ready(gw)).toEqual({ status: 200, keys: 'ok' })
  })
})
