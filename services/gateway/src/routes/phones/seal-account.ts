import type { ExotelConfig } from '@callwire/contracts'
import { sealCredential, type SealRing } from '@callwire/crypto'
import { phoneCredentials, phones, type Tx } from '@callwire/db'
import { sealContexts } from '@callwire/keyring'
import { eq, sql } from 'drizzle-orm'
import { checkExotelHost } from './exotel-host.ts'
import { findAccount, type AccountRow } from './find-phone.ts'

export type SealAccount = (
  tx: Tx,
  o: { tenantId: string; phoneId: string; config: ExotelConfig; place: string },
) => Promise<AccountRow>

/**
 * Puts an Exotel account on a phone whose row the transaction has locked: sealed to that phone,
 * host, account and version, so that a sealed value moved elsewhere opens nowhere. The breaker
 * closes, since it judged the credentials that are gone.
 */
export function createSealAccount(o: {
  ring: SealRing
  allowedHosts: readonly string[]
}): SealAccount {
  return async (tx, { tenantId, phoneId, config, place }) => {
    checkExotelHost(config.subdomain, o.allowedHosts, `${place}.subdomain`)
    const current = await findAccount(tx, phoneId)
    const version = (current?.version ?? 0) + 1
    const { sid, subdomain } = config
    const bound = { tenantId, phoneId, host: subdomain, sid, version }
    const seal = (field: 'apiKey' | 'apiToken') =>
      sealCredential(o.ring, sealContexts.credential({ ...bound, field }), config[field])
    const account = { sid, subdomain, version }
    const sealed = {
      ...account,
      encApiKey: seal('apiKey'),
      encApiToken: seal('apiToken'),
      updatedAt: sql`now()`,
    }
    if (current === null) {
      await tx.insert(phoneCredentials).values({ tenantId, phoneId, ...sealed })
    } else {
      await tx.update(phoneCredentials).set(sealed).where(eq(phoneCredentials.phoneId, phoneId))
    }
    await tx
      .update(phones)
      .set({ authFailures: 0, breakerOpenedAt: null })
      .where(eq(phones.id, phoneId))
    return account
  }
}
