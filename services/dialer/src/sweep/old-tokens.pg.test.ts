import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { connectDatabase, streamTokens } from '@callwire/db'
import { systemRandom } from '@callwire/runtime'
import { expect, test } from 'vitest'
import { dialerSuite } from '../test-support/suite.ts'
import { sweepOldTokens, TOKEN_KEPT_MS } from './old-tokens.ts'

const suite = dialerSuite()

test('tokens of media sockets that expired a day ago are forgotten, all of them', async () => {
  const { tenantId } = suite.world
  const phoneId = await suite.world.addPhone(suite.exotel.host, { kind: 'stream' })
  const token = (expiredMsAgo: number) => ({
    tenantId,
    id: newId('token', { nowMs: Date.now(), random: systemRandom(ID_RANDOM_BYTES) }),
    tokenHash: systemRandom(32).toString('hex'),
    phoneId,
    expiresAt: new Date(Date.now() - expiredMsAgo),
  })
  const old = Array.from({ length: 1_200 }, () => token(TOKEN_KEPT_MS + 60_000))
  const kept = [token(TOKEN_KEPT_MS - 60_000), token(-60_000)]
  // The dialer's own login makes them in the course of its work, and may delete them.
  const url = suite.database.serviceUrl('dialer')
  const database = await connectDatabase({ url, applicationName: 'test-dialer', maxConnections: 2 })
  try {
    await database.withTenant(tenantId, (tx) => tx.insert(streamTokens).values([...old, ...kept]))
    await sweepOldTokens({ database })
    const left = await database.withTenant(tenantId, (tx) =>
      tx.select({ id: streamTokens.id }).from(streamTokens).orderBy(streamTokens.id),
    )
    expect(left.map(({ id }) => id)).toEqual(kept.map(({ id }) => id).sort())
  } finally {
    await database.close()
  }
})
