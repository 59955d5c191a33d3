import { listPhonesQuery, page, phoneSchema } from '@callwire/contracts'
import { phoneCredentials, phones, type Database } from '@callwire/db'
import { and, desc, eq, lt } from 'drizzle-orm'
import { z } from 'zod'
import { decodeCursor, pageOf } from '../../http/cursor.ts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { accountColumns } from './find-phone.ts'
import { phoneFilters } from './phone-filters.ts'
import { viewPhone } from './phone-view.ts'

export function listPhones(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/phones',
    access: 'phones:read',
    tag: 'phones',
    summary: 'List phones, newest first',
    description:
      'All filters given must hold. A page goes on where it ended, whatever was imported meanwhile.',
    query: listPhonesQuery,
    replies: { 200: page({ phones: z.array(phoneSchema) }).meta({ description: 'One page' }) },
    handle: async ({ principal, query }) => {
      const before = query.cursor === undefined ? null : decodeCursor('phone', query.cursor)
      const filters = phoneFilters(query)
      const found = await deps.database.withTenant(principal.tenantId, (tx) =>
        tx
          .select({ phone: phones, account: accountColumns })
          .from(phones)
          .leftJoin(phoneCredentials, eq(phoneCredentials.phoneId, phones.id))
          .where(and(filters, before === null ? undefined : lt(phones.id, before)))
          .orderBy(desc(phones.id))
          .limit(query.limit + 1),
      )
      const { rows, nextCursor } = pageOf(
        found.map(({ phone, account }) => ({ id: phone.id, phone, account })),
        query.limit,
      )
      const shown = rows.map(({ phone, account }) => viewPhone(phone, account))
      return ok(200, { phones: shown, nextCursor })
    },
  })
}
