import { openCredential, sealedKeyId, type OpenRing, type Sealed } from '@callwire/crypto'
import { phoneCredentials } from '@callwire/db'
import type { ExotelAccount } from '@callwire/exotel'
import { sealContexts } from '@callwire/keyring'
import { Secret } from '@callwire/runtime'

/** A phone's Exotel account as it is stored. */
export type StoredCredentials = {
  sid: string
  subdomain: string
  version: number
  encApiKey: Sealed
  encApiToken: Sealed
}

export const credentialColumns = {
  sid: phoneCredentials.sid,
  subdomain: phoneCredentials.subdomain,
  version: phoneCredentials.version,
  encApiKey: phoneCredentials.encApiKey,
  encApiToken: phoneCredentials.encApiToken,
}

/**
 * Opens a phone's credentials for one request. Null when a seal does not open: the row was
 * changed, or belongs to another tenant, phone, host or account.
 */
export function openStored(
  ring: OpenRing,
  owner: { tenantId: string; phoneId: string },
  stored: StoredCredentials,
): ExotelAccount | null {
  const { subdomain: host, sid, version } = stored
  const open = (field: 'apiKey' | 'apiToken', sealed: string) =>
    new Secret(
      openCredential(
        ring,
        sealContexts.credential({ ...owner, field, host, sid, version }),
        sealed,
      ),
    )
  try {
    return {
      host,
      sid,
      apiKey: open('apiKey', stored.encApiKey),
      apiToken: open('apiToken', stored.encApiToken),
    }
  } catch {
    return null
  }
}

/** The ids of the keys that the two seals name, for the audit. */
export function keyIdsOf(stored: StoredCredentials): string {
  const ids = [sealedKeyId(stored.encApiKey), sealedKeyId(stored.encApiToken)]
  return [...new Set(ids.map((id) => id ?? 'unreadable'))].join(',')
}
