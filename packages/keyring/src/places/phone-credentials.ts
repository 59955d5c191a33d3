import { openCredential, resealCredential, sealedKeyId } from '@callwire/crypto'
import { phoneCredentials } from '@callwire/db'
import { and, eq, inArray } from 'drizzle-orm'
import { sealContexts } from '../contexts.ts'
import { heldFor, type Place } from './place.ts'
import { replaceRows } from './replace-rows.ts'

/** Both halves of an account at once: a row's two seals are always of one key and one version. */
export const phoneCredentialsPlace: Place = {
  place: 'phone_credentials',
  ring: 'credentialRing',
  table: 'phone_credentials',
  columns: ['enc_api_key', 'enc_api_token'],
  load: async (tx, tenantId, ids) => {
    const rows = await tx
      .select({
        phoneId: phoneCredentials.phoneId,
        sid: phoneCredentials.sid,
        host: phoneCredentials.subdomain,
        version: phoneCredentials.version,
        apiKey: phoneCredentials.encApiKey,
        apiToken: phoneCredentials.encApiToken,
      })
      .from(phoneCredentials)
      .where(
        and(eq(phoneCredentials.tenantId, tenantId), inArray(phoneCredentials.phoneId, [...ids])),
      )
    return rows.map(({ phoneId, sid, host, version, apiKey, apiToken }) => {
      const context = (field: 'apiKey' | 'apiToken') =>
        sealContexts.credential({ tenantId, phoneId, field, host, sid, version })
      return {
        id: phoneId,
        kid: sealedKeyId(apiKey),
        check: (rings) => {
          const credentialRing = heldFor(rings, 'credentialRing')
          openCredential(credentialRing, context('apiKey'), apiKey)
          openCredential(credentialRing, context('apiToken'), apiToken)
        },
        reseal: (rings) => {
          const credentialRing = heldFor(rings, 'credentialRing')
          return {
            id: phoneId,
            was: [apiKey, apiToken],
            becomes: [
              resealCredential(credentialRing, context('apiKey'), apiKey),
              resealCredential(credentialRing, context('apiToken'), apiToken),
            ],
          }
        },
      }
    })
  },
  write: (tx, tenantId, rows) => {
    const sealed = [phoneCredentials.encApiKey, phoneCredentials.encApiToken]
    return replaceRows(tx, {
      table: phoneCredentials,
      tenantId,
      id: phoneCredentials.phoneId,
      compared: sealed,
      set: sealed,
      rows,
    })
  },
}
