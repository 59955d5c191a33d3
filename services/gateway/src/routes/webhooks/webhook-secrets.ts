import { sealCredential, type SealRing } from '@callwire/crypto'
import { webhookSecrets, type Tx } from '@callwire/db'
import { sealContexts } from '@callwire/keyring'
import type { Random } from '@callwire/runtime'
import { and, eq, gt, isNull, lt, min, or, sql } from 'drizzle-orm'
import { ApiError } from '../../http/api-error.ts'
import type { NewId } from '../../new-id.ts'

/** Within what Standard Webhooks asks for: 24 to 64. */
const SECRET_BYTES = 32
/** Each is one more signature on every message, and one that may have leaked. */
export const MAX_LIVE_SECRETS = 4

/**
 * Signing secrets, from the side that can make them and not read them: sealed to the courier. Each
 * is given out once, in the form that libraries take.
 */
export type WebhookSecrets = {
  /** Makes one, beside those there are. */
  add(tx: Tx, o: { tenantId: string; endpointId: string }): Promise<string>
  /**
   * Makes one in the place of the newest, which stays good for so long beside it. Needs the
   * endpoint's row locked. Throws ApiError `conflict` when there are as many as there may be.
   */
  rotate(tx: Tx, o: { tenantId: string; endpointId: string; overlapHours: number }): Promise<string>
}

export function createWebhookSecrets(d: {
  ring: SealRing
  random: Random
  newId: NewId
}): WebhookSecrets {
  const add: WebhookSecrets['add'] = async (tx, { tenantId, endpointId }) => {
    const secret = `whsec_${d.random(SECRET_BYTES).toString('base64')}`
    const id = d.newId('webhookSecret')
    const context = sealContexts.webhookSecret(tenantId, endpointId, id)
    const sealed = sealCredential(d.ring, context, secret)
    await tx.insert(webhookSecrets).values({ tenantId, id, endpointId, sealed })
    return secret
  }
  return {
    add,
    rotate: async (tx, { tenantId, endpointId, overlapHours }) => {
      const ofEndpoint = eq(webhookSecrets.endpointId, endpointId)
      const expiry = sql`now() + ${overlapHours} * interval '1 hour'`
      const over = overlapHours === 0 ? undefined : lt(webhookSecrets.expiresAt, sql`now()`)
      await tx.delete(webhookSecrets).where(and(ofEndpoint, over))
      // Never later than promised before: rotating twice does not lengthen a secret's life.
      await tx
        .update(webhookSecrets)
        .set({ expiresAt: expiry })
        .where(
          and(
            ofEndpoint,
            or(isNull(webhookSecrets.expiresAt), gt(webhookSecrets.expiresAt, expiry)),
          ),
        )
      const live = and(ofEndpoint, gt(webhookSecrets.expiresAt, sql`now()`))
      const count = await tx.$count(webhookSecrets, live)
      if (count >= MAX_LIVE_SECRETS) {
        const [first] = await tx
          .select({ at: min(webhookSecrets.expiresAt) })
          .from(webhookSecrets)
          .where(live)
        throw new ApiError(
          'conflict',
          `${count} secrets of this webhook are good already; rotate again after ${first?.at?.toISOString() ?? 'one expired'}, or with overlapHours=0 to end them all now.`,
        )
      }
      return add(tx, { tenantId, endpointId })
    },
  }
}
