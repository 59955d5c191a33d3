import { connectDatabase } from '@callwire/db'
import { KeyringError } from '@callwire/keyring'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { courierSuite, startTestCourier } from './test-support/suite.ts'
import { quick, trials, verified } from './test-support/trials.ts'
import { idOf, keysOf } from './test-support/world.ts'

const suite = courierSuite()
const { pathOf, arrives } = trials(suite)
const ringOf = (...kids: Parameters<typeof keysOf>) => ({
  WEBHOOK_OPEN_KEYS: keysOf(...kids).WEBHOOK_OPEN_KEYS,
})

let gateway: Awaited<ReturnType<typeof connectDatabase>>
beforeAll(async () => {
  gateway = await connectDatabase({
    url: suite.database.serviceUrl('gateway'),
    applicationName: 'test',
  })
})
afterAll(() => gateway.close())

test('re-seals signing secrets when their turn in a rotation comes, and signs on', async () => {
  const tenantId = await suite.world.newTenant()
  const at = await suite.world.endpoint(tenantId, pathOf('keys'))
  const environment = suite.environment(ringOf(['k1', 7], ['k2', 8]))
  await using _courier = await startTestCourier(environment, { limits: quick })
  const { keys } = gateway
  await keys.introduce('k2', { primary: 'k1' })
  await keys.promote('k2', { from: 'k1' })
  const id = idOf('keyJob')
  await keys.createJob({ id, kind: 'rotate', toKid: 'k2', total: 1 })
  // It waits for its turn: what comes before is another process's to open.
  await suite.world.newCall(tenantId)
  await arrives('keys')
  expect(await keys.openJob()).toMatchObject({ place: null, owner: null, done: 0 })
  await suite.world.sql`update key_jobs set place = 'webhook_secrets'`
  await eventually(async () => (await keys.openJob()) === null, { boundMs: 20_000 })
  const named = (await keys.keyIds()).filter(({ place }) => place === 'webhook_secrets')
  expect(named).toEqual([{ place: 'webhook_secrets', kid: 'k2' }])
  await suite.world.newCall(tenantId)
  const received = await arrives('keys', 2)
  for (const one of received) expect(verified(at.secrets[0], one)).toMatchObject({})
}, 40_000)

test.each<[string, Parameters<typeof keysOf>, string]>([
  ['a key that secrets name', [['k9', 9]], 'key_missing'],
  ['the very key that the database knows', [['k2', 9]], 'key_mismatch'],
])('does not start without %s', async (_what, kids, code) => {
  const started = startTestCourier(suite.environment(ringOf(...kids)))
  const error: unknown = await started.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(KeyringError)
  expect(error).toMatchObject({ code })
})
