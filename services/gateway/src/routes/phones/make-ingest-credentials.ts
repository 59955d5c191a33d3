import { ingestCredentialsSchema, success } from '@callwire/contracts'
import { randomToken, sha256Hex } from '@callwire/crypto'
import { phones, type Database } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import type { PublicUrls } from '../../public-urls.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { findPhone } from './find-phone.ts'

/** A name, not a secret: long enough never to be given twice. */
const keyBytes = 12
/** 192 bits: a plain hash of it is enough at rest. */
const tokenBytes = 24

export function makeIngestCredentials(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
  urls: Pick<PublicUrls, 'ingest' | 'resolve' | 'passthru'>
}) {
  return route({
    method: 'POST',
    path: '/phones/:id/ingest-credentials',
    access: 'credentials:write',
    tag: 'phones',
    summary: "Make the credentials that Exotel presents at a phone's media socket",
    description:
      'Shown once; made anew, the former ones stop working. `url` goes into a Stream or Voicebot applet, or `resolveUrl` where the applet takes an address that answers with one.',
    params: idParams,
    replies: {
      201: success({ ingestCredentials: ingestCredentialsSchema }).meta({
        description: 'The credentials, this once',
      }),
    },
    handle: async ({ principal, params }) => {
      const { tenantId } = principal
      const key = randomToken(keyBytes)
      const token = randomToken(tokenBytes)
      const phoneToken = randomToken(tokenBytes)
      await deps.database.withTenant(tenantId, async (tx) => {
        const { id } = await findPhone(tx, params.id, { lock: true })
        await tx
          .update(phones)
          .set({
            ingestKey: key,
            ingestTokenHash: sha256Hex(token),
            phoneTokenHash: sha256Hex(phoneToken),
          })
          .where(eq(phones.id, id))
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'phone.ingest_credentials_made',
          target: { kind: 'phone', id },
        })
      })
      const ingestCredentials = {
        key,
        token,
        url: deps.urls.ingest({ key, token }),
        resolveUrl: deps.urls.resolve(phoneToken),
        passthruUrl: deps.urls.passthru(phoneToken),
      }
      return ok(201, { ingestCredentials })
    },
  })
}
