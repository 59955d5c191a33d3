import { beforeEach, expect, test } from 'vitest'
import { answer } from '../test-support/receiver.ts'
import { courierSuite } from '../test-support/suite.ts'
import { trials } from '../test-support/trials.ts'

const suite = courierSuite()
const { start, pathOf, arrived, attempted } = trials(suite)
let tenantId: string

beforeEach(async () => {
  tenantId = await suite.world.newTenant()
})

/** Runs out while a test watches, so that an outcome that was not written would show. */
const limits = { claimMs: 500 }

test.each([600, 999])(
  'a host that answers %i is one that fails, like any other',
  async (status) => {
    await using _courier = await start({ limits })
    suite.host.behave(answer(status))
    const at = await suite.world.endpoint(tenantId, pathOf(`odd-${status}`))
    await suite.world.newCall(tenantId)
    const row = await attempted(at)
    expect(row).toMatchObject({ state: 'pending', lastStatus: status, lastError: 'http_status' })
    expect(row.dueAt.getTime() - (row.lastAttemptAt?.getTime() ?? 0)).toBeGreaterThanOrEqual(5_000)
    expect((await suite.world.endpointRow(at)).failingSince).not.toBeNull()
    expect(arrived(`odd-${status}`)).toHaveLength(1)
  },
)

test('an outcome that the database refuses is a failure, with the wait of the table', async () => {
  await suite.world.sql`
    alter table webhook_deliveries add constraint refused check (last_status <> 418)`
  await using courier = await start({ limits })
  suite.host.behave(answer(418))
  const at = await suite.world.endpoint(tenantId, pathOf('refused'))
  await suite.world.newCall(tenantId)
  const row = await attempted(at)
  expect(row).toMatchObject({ state: 'pending', lastStatus: null, lastError: 'not_recorded' })
  expect(row.dueAt.getTime() - (row.lastAttemptAt?.getTime() ?? 0)).toBeGreaterThanOrEqual(5_000)
  expect(arrived('refused')).toHaveLength(1)
  expect(courier.logs.lines()).toContainEqual(
    expect.objectContaining({ level: 'error', msg: 'outcome refused by the database' }),
  )
})
