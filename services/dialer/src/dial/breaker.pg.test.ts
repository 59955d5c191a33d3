import { connectDatabase, phones } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { accountSid } from '../test-support/tenant-world.ts'
import { recordVerdict } from './breaker.ts'

const suite = dialerSuite()
const stream = { kind: 'stream' } as const
const aPhone = (host: string | null = suite.exotel.host) => suite.world.addPhone(host, stream)

const breakerOf = async (phoneId: string) => {
  const [row] = await suite.world.withTenant((tx) =>
    tx
      .select({ failures: phones.authFailures, openedAt: phones.breakerOpenedAt })
      .from(phones)
      .where(eq(phones.id, phoneId)),
  )
  return { failures: row?.failures, open: row?.openedAt !== null }
}

test('refusals of credentials that were replaced meanwhile do not count against the new ones', async () => {
  const replaced = Promise.withResolvers<undefined>()
  let sent = 0
  await using _dialer = await startTestDialer(suite.environment(), (deps) => ({
    ...deps,
    exotel: {
      ...deps.exotel,
      placeCall: async () => {
        sent += 1
        await replaced.promise
        const code = 'provider_auth'
        return { kind: 'rejected', code, httpStatus: 401, message: 'No' }
      },
    },
  }))
  const phoneId = await aPhone()
  const ids = [1, 2].map(() => suite.world.addCall(phoneId, { allowConcurrent: true }))
  const callIds = await Promise.all(ids)
  await eventually(() => sent === 2)
  await suite.world.changeCredentials(phoneId, { version: 2 })
  replaced.resolve(undefined)
  for (const callId of callIds) {
    expect(await suite.world.reaches(callId, 'failed')).toMatchObject({
      reasonCode: 'provider_auth',
    })
    const events = await suite.world.events(callId)
    expect(events.filter(({ type }) => type === 'alert')).toEqual([])
  }
  expect(await breakerOf(phoneId)).toEqual({ failures: 0, open: false })
})

describe('a refusal', () => {
  const refuse = async (phoneId: string, version: number | 'global') => {
    const dialer = await connectDatabase({
      url: suite.database.serviceUrl('dialer'),
      applicationName: 'test-dialer',
      maxConnections: 1,
    })
    const judged =
      version === 'global'
        ? ({ kind: 'global', sid: accountSid } as const)
        : ({
            kind: 'own',
            sid: accountSid,
            stored: { ...(await suite.world.credentials(anyPhone)), version },
          } as const)
    const { tenantId } = suite.world
    const phone = { tenantId, id: phoneId }
    const opened = await dialer.withTenant(tenantId, (tx) =>
      recordVerdict(tx, phone, { verdict: 'refused', judged }),
    )
    await dialer.close()
    return opened
  }
  let anyPhone: string

  test.each([
    ['of the credentials the phone has', true, 1, true],
    ['of others', true, 2, false],
    ['of credentials that were taken away', false, 1, false],
    ["of the install's account, which the phone uses", false, 'global', true],
    ["of the install's account, by a phone that has its own by now", true, 'global', false],
  ] as const)('%s', async (_, hasOwn, version, counts) => {
    anyPhone = await aPhone()
    const phoneId = await aPhone(hasOwn ? suite.exotel.host : null)
    expect(await refuse(phoneId, version)).toBe(false)
    expect(await breakerOf(phoneId)).toEqual({ failures: counts ? 1 : 0, open: false })
    expect(await refuse(phoneId, version)).toBe(counts)
    expect(await breakerOf(phoneId)).toEqual({ failures: counts ? 2 : 0, open: counts })
  })
})
