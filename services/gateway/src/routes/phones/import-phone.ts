import { importPhoneBody, normalizePhoneNumber, phoneSchema, success } from '@callwire/contracts'
import { phones, type Database, type Tx } from '@callwire/db'
import { and, eq, isNull } from 'drizzle-orm'
import { ApiError, invalidField } from '../../http/api-error.ts'
import { first, ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import type { NewId } from '../../new-id.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { findAgent } from '../agents/find-agent.ts'
import { findAccount, type PhoneRow } from './find-phone.ts'
import { viewPhone } from './phone-view.ts'
import type { SealAccount } from './seal-account.ts'

const reply = success({ phone: phoneSchema })

export function importPhone(deps: {
  database: Pick<Database, 'withTenant'>
  newId: NewId
  audit: RecordAudit
  sealAccount: SealAccount
}) {
  return route({
    method: 'POST',
    path: '/phones',
    access: 'phones:write',
    tag: 'phones',
    summary: 'Import a phone',
    description:
      'An ExoPhone with its Exotel account, all four parts of it or none. Importing a number again with credentials replaces them. What was put in is sealed and never shown again.',
    body: importPhoneBody,
    replies: {
      200: reply.meta({ description: 'It was here; its credentials are replaced' }),
      201: reply.meta({ description: 'The new phone' }),
    },
    handle: async ({ principal, body }) => {
      const { tenantId } = principal
      const config = body.exotelConfig
      if (config !== undefined && !principal.permissions.has('credentials:write')) {
        throw new ApiError('forbidden', 'Your role or scopes do not allow credentials.')
      }
      const number = normalizePhoneNumber(body.number, body.country)
      if (number === null) {
        throw invalidField('body.number', 'is not a phone number of that country')
      }
      return deps.database.withTenant(tenantId, async (tx) => {
        if (body.agentId !== undefined) await findAgent(tx, body.agentId, { lock: true })
        const inserted = await insertPhone(tx, {
          tenantId,
          id: deps.newId('phone'),
          number,
          country: body.country,
          tags: body.tags ?? [],
          agentId: body.agentId ?? null,
        })
        const row = inserted ?? (await phoneOfNumber(tx, number))
        if (inserted === null && config === undefined) {
          throw new ApiError('conflict', 'This number is imported already.', {
            details: { phoneId: row.id },
          })
        }
        const account =
          config === undefined
            ? await findAccount(tx, row.id)
            : await deps.sealAccount(tx, {
                tenantId,
                phoneId: row.id,
                config,
                place: 'body.exotelConfig',
              })
        const changes = {
          ...(body.tags === undefined ? {} : { tags: body.tags }),
          ...(body.agentId === undefined ? {} : { agentId: body.agentId }),
          ...(config === undefined ? {} : { authFailures: 0, breakerOpenedAt: null }),
        }
        const shown =
          Object.keys(changes).length === 0
            ? row
            : first(await tx.update(phones).set(changes).where(eq(phones.id, row.id)).returning())
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: inserted === null ? 'phone.credentials_replaced' : 'phone.imported',
          target: { kind: 'phone', id: row.id },
          details: account === null ? {} : { sid: account.sid, subdomain: account.subdomain },
        })
        return ok(inserted === null ? 200 : 201, { phone: viewPhone(shown, account) })
      })
    },
  })
}

async function insertPhone(tx: Tx, values: typeof phones.$inferInsert): Promise<PhoneRow | null> {
  const [row] = await tx.insert(phones).values(values).onConflictDoNothing().returning()
  return row ?? null
}

/** The phone that holds the number, locked. Deleted in between: the caller may try again. */
async function phoneOfNumber(tx: Tx, number: string): Promise<PhoneRow> {
  const [row] = await tx
    .select()
    .from(phones)
    .where(and(eq(phones.number, number), isNull(phones.deletedAt)))
    .for('update')
  if (row === undefined) throw new ApiError('conflict', 'The phone is just being deleted.')
  return row
}
