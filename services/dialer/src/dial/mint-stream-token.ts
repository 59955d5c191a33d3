import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { sha256Hex } from '@callwire/crypto'
import { streamTokens, type Tx } from '@callwire/db'
import type { CallRow } from '@callwire/ledger'
import type { Clock, Random } from '@callwire/runtime'

/** Longer than any call; the token is burnt when the stream starts anyway. */
const validMs = 86_400_000

/** Stores the hash of the secret that lets one media socket in for this call. */
export async function mintStreamToken(
  tx: Tx,
  d: { clock: Clock; random: Random },
  o: { call: CallRow; token: string },
): Promise<void> {
  const now = d.clock.now()
  await tx.insert(streamTokens).values({
    tenantId: o.call.tenantId,
    id: newId('token', { nowMs: now, random: d.random(ID_RANDOM_BYTES) }),
    tokenHash: sha256Hex(o.token),
    callId: o.call.id,
    phoneId: o.call.phoneId,
    createdAt: new Date(now),
    expiresAt: new Date(now + validMs),
  })
}
