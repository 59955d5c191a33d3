import type { Tokens } from '@callwire/accounts'
import { ingestTokenBody, ingestTokenReply } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import type { PublicUrls } from '../../public-urls.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { requireCall } from '../calls/find-call.ts'
import { findPhone } from '../phones/find-phone.ts'

export function makeIngestToken(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
  tokens: Pick<Tokens, 'signIngest'>
  urls: Pick<PublicUrls, 'ingest'>
}) {
  return route({
    method: 'POST',
    path: '/ingest-tokens',
    access: 'credentials:write',
    tag: 'tokens',
    summary: 'Make a token for the media socket of a phone or of one call',
    description: 'A JWT with audience `ingest`; send it as a bearer token to `url`.',
    body: ingestTokenBody,
    replies: { 201: ingestTokenReply.meta({ description: 'The token' }) },
    handle: async ({ principal, body }) => {
      const { tenantId } = principal
      const subject =
        'phoneId' in body
          ? ({ kind: 'phone', id: body.phoneId } as const)
          : ({ kind: 'call', id: body.callId } as const)
      await deps.database.withTenant(tenantId, async (tx) => {
        if (subject.kind === 'phone') await findPhone(tx, subject.id)
        else await requireCall(tx, subject.id)
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'ingest_token.made',
          target: subject,
        })
      })
      const { token, expiresAt } = await deps.tokens.signIngest({ ...subject, tenantId })
      return ok(201, {
        ingestToken: { token, url: deps.urls.ingest(), expiresAt: expiresAt.toISOString() },
      })
    },
  })
}
