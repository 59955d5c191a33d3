import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServiceKeys } from '@callwire/crypto'
import { connectProvisioner, type KeyStore } from '@callwire/db'
import { KeyringError } from '@callwire/keyring'
import { eventually, scratchDir } from '@callwire/testkit'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startDialerProcess } from './test-support/dialer-process.ts'
import { startTestDialer } from './test-support/dialer-under-test.ts'
import { keysOf, serviceKeys } from './test-support/keys.ts'
import { dialerSuite } from './test-support/suite.ts'

const suite = dialerSuite()
const held = ['CREDENTIAL_OPEN_KEYS', 'CONTENT_KEYS', 'CALLBACK_KEYS'] as const
const stream = { kind: 'stream' } as const
let keys: KeyStore
let close: () => Promise<void>

beforeAll(() => {
  const provisioner = connectProvisioner({ url: suite.database.url })
  ;({ keys } = provisioner)
  close = () => provisioner.close()
})
afterAll(() => close())

const only = (ring: ServiceKeys) => Object.fromEntries(held.map((name) => [name, ring[name]]))

test('tells which keys it holds, and says goodbye', async () => {
  const dialer = await startTestDialer(suite.environment())
  const { health, metrics } = dialer.context
  expect((await health.readyz()).body.checks).toMatchObject({ keys: 'ok' })
  expect(await metrics.registry.metrics()).toContain(
    'callwire_keys_held{ring="CREDENTIAL_OPEN_KEYS",kid="k1",primary="true"} 1',
  )
  expect(await keys.holders()).toMatchObject([{ service: 'dialer', kids: ['k1'], primary: 'k1' }])
  await dialer[Symbol.asyncDispose]()
  expect(await keys.holders()).toEqual([])
})

test.each<[what: string, ServiceKeys, code: string]>([
  ['a key that rows name', keysOf(['k9', 9]), 'key_missing'],
  ['the very key that the database knows', keysOf(['k1', 8]), 'key_mismatch'],
])('does not start without %s', async (_what, ring, code) => {
  await suite.world.addPhone(suite.exotel.host, stream)
  // What a dialer that held the right keys has written down.
  await (await startTestDialer(suite.environment()))[Symbol.asyncDispose]()
  const started = startTestDialer(suite.environment(only(ring)))
  const error: unknown = await started.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(KeyringError)
  expect(error).toMatchObject({ code })
  expect((error as KeyringError).message).toMatch(/\bk1\b.*CREDENTIAL_OPEN_KEYS/)
  expect(suite.exotel.requests).toEqual([])
})

const both = keysOf(['k1', 7], ['k2', 8])

async function promoteNew(): Promise<void> {
  await keys.introduce('k2', { primary: 'k1' })
  await keys.promote('k2', { from: 'k1' })
  const id = suite.world.newId('keyJob')
  await keys.createJob({ id, kind: 'rotate', toKid: 'k2', total: 0 })
}

const rotated = () =>
  eventually(async () => (await keys.openJob()) === null, {
    boundMs: 20_000,
    what: 'the end of the rotation',
  })

test('takes a new key from its files, and re-seals to it while it dials', async () => {
  const dir = await scratchDir('dialer-keys')
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const write = async (ring: ServiceKeys) => {
    for (const name of held) await writeFile(join(dir, name), ring[name])
  }
  const environment = suite.environment()
  for (const name of held) {
    environment[name] = ''
    environment[`${name}_FILE`] = join(dir, name)
  }
  await write(serviceKeys)
  const phoneIds = []
  for (let n = 0; n < 5; n += 1) {
    phoneIds.push(await suite.world.addPhone(suite.exotel.host, stream))
  }
  await using _dialer = await startTestDialer(environment)
  await write(both)
  await eventually(async () => (await keys.holders())[0]?.kids.includes('k2') === true)
  await promoteNew()
  const calls = await Promise.all(phoneIds.map((phoneId) => suite.world.addCall(phoneId)))
  for (const callId of calls) await suite.world.placed(callId)
  await rotated()
  expect(new Set((await keys.keyIds()).map(({ kid }) => kid))).toEqual(new Set(['k2']))
  // What was re-sealed opens: the phone's next call is placed with it.
  await suite.world.placed(await suite.world.addCall(phoneIds[0] ?? ''))
  expect((await suite.world.audits()).at(-1)?.details).toMatchObject({ keyId: 'k2' })
})

test('told to end in the middle of a job, it leaves the job to the next', async () => {
  // A process that has not followed the promotion: a rotation waits for it.
  await keys.beat({ instance: 'behind', service: 'gateway', kids: ['k1'], primary: 'k1' })
  const first = await startDialerProcess(suite.environment(only(both)))
  await promoteNew()
  await eventually(async () => {
    await keys.beat({ instance: 'behind', service: 'gateway', kids: ['k1'], primary: 'k1' })
    return (await keys.openJob())?.owner != null
  })
  expect(await first.end()).toBe(0)
  expect(await keys.openJob()).toMatchObject({ state: 'running', owner: null })
  await keys.leave('behind')
  await using _second = await startTestDialer(suite.environment(only(both)))
  await rotated()
})
