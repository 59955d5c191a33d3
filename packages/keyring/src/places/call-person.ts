import {
  CryptoError,
  openContent,
  sealContent,
  sealedKeyId,
  type ContentRing,
  type SealContext,
} from '@callwire/crypto'
import { calls } from '@callwire/db'
import { and, eq, inArray } from 'drizzle-orm'
import { personIndex, sealContexts } from '../contexts.ts'
import type { Place } from './place.ts'
import { replaceRows } from './replace-rows.ts'

/** The other person's number, together with the index it is found by: both are of one key. */
export const callPersonPlace: Place = {
  place: 'calls.person',
  table: 'calls',
  columns: ['person_sealed'],
  load: async (tx, tenantId, ids) => {
    const rows = await tx
      .select({ id: calls.id, sealed: calls.personSealed, index: calls.personIndex })
      .from(calls)
      .where(and(eq(calls.tenantId, tenantId), inArray(calls.id, [...ids])))
    return rows.map(({ id, sealed, index }) => {
      const context = sealContexts.person(tenantId, id)
      const kid = sealedKeyId(sealed)
      return {
        id,
        kid,
        check: ({ contentRing }) => {
          const number = openNumber(contentRing, context, sealed)
          const indexes = personIndex(contentRing, tenantId, number)
          // Under another key it would be found today, and no more once that key is retired.
          if (index !== indexes.find((text) => text.startsWith(`${kid ?? ''}.`))) {
            throw new CryptoError('unseal_failed', 'The index is not that of the number')
          }
        },
        reseal: ({ contentRing }) => {
          const number = openNumber(contentRing, context, sealed)
          const [newIndex = ''] = personIndex(contentRing, tenantId, number)
          return {
            id,
            was: [sealed],
            becomes: [sealContent(contentRing, context, number), newIndex],
          }
        },
      }
    })
  },
  write: (tx, tenantId, rows) =>
    replaceRows(tx, {
      table: calls,
      tenantId,
      id: calls.id,
      compared: [calls.personSealed],
      set: [calls.personSealed, calls.personIndex],
      rows,
    }),
}

function openNumber(ring: ContentRing, context: SealContext, sealed: string): string {
  return openContent(ring, context, sealed).toString('utf8')
}
