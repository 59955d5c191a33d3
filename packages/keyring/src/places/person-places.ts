import {
  CryptoError,
  openContent,
  sealContent,
  sealedKeyId,
  type ContentRing,
  type SealContext,
} from '@callwire/crypto'
import { calls, neverCall, type SealedPlace, type Tx } from '@callwire/db'
import { and, eq, inArray, sql } from 'drizzle-orm'
import { personIndex, sealContexts } from '../contexts.ts'
import { heldFor, type Place, type PlacedRow, type Resealed } from './place.ts'
import { replaceRows } from './replace-rows.ts'

/** A person's number, together with the index it is found by: both are of one key. */
function personPlace(o: {
  place: SealedPlace
  tableName: string
  table: typeof calls | typeof neverCall
  context: (tenantId: string, id: string) => SealContext
  beforeWrite?: (tx: Tx, tenantId: string, rows: readonly Resealed[]) => Promise<void>
}): Place {
  const { table } = o
  return {
    place: o.place,
    ring: 'contentRing',
    table: o.tableName,
    columns: ['person_sealed'],
    load: async (tx, tenantId, ids) => {
      const rows = await tx
        .select({ id: table.id, sealed: table.personSealed, index: table.personIndex })
        .from(table)
        .where(and(eq(table.tenantId, tenantId), inArray(table.id, [...ids])))
      return rows.flatMap(({ id, sealed, index }) => {
        // Erased: there is nothing left to seal.
        if (sealed === null) return []
        const context = o.context(tenantId, id)
        const kid = sealedKeyId(sealed)
        const row: PlacedRow = {
          id,
          kid,
          check: (rings) => {
            const ring = heldFor(rings, 'contentRing')
            const number = openNumber(ring, context, sealed)
            const indexes = personIndex(ring, tenantId, number)
            // Under another key it would be found today, and no more once that key is retired.
            if (index !== indexes.find((text) => text.startsWith(`${kid ?? ''}.`))) {
              throw new CryptoError('unseal_failed', 'The index is not that of the number')
            }
          },
          reseal: (rings) => {
            const ring = heldFor(rings, 'contentRing')
            const number = openNumber(ring, context, sealed)
            const [newIndex = ''] = personIndex(ring, tenantId, number)
            return { id, was: [sealed], becomes: [sealContent(ring, context, number), newIndex] }
          },
        }
        return [row]
      })
    },
    write: async (tx, tenantId, rows) => {
      await o.beforeWrite?.(tx, tenantId, rows)
      await replaceRows(tx, {
        table,
        tenantId,
        id: table.id,
        compared: [table.personSealed],
        set: [table.personSealed, table.personIndex],
        rows,
      })
    },
  }
}

export const callPersonPlace = personPlace({
  place: 'calls.person',
  tableName: 'calls',
  table: calls,
  context: sealContexts.person,
})

/**
 * A person is listed once, as far as the index tells. While some processes sealed with the former
 * key and some with the new one, the same person may have been listed under each: the entry under
 * the new key is the later one, and it stays.
 */
export const neverCallPlace = personPlace({
  place: 'never_call',
  tableName: 'never_call',
  table: neverCall,
  context: sealContexts.neverCall,
  beforeWrite: async (tx, tenantId, rows) => {
    if (rows.length === 0) return
    const texts = (values: readonly string[]) => sql`${sql.param(values)}::text[]`
    await tx.execute(sql`
      delete from ${neverCall}
      using unnest(${texts(rows.map(({ id }) => id))},
        ${texts(rows.map(({ becomes }) => becomes[1] ?? ''))}) as given (id, person_index),
        ${neverCall} as later
      where ${neverCall.tenantId} = ${tenantId} and ${neverCall.id} = given.id
        and later.tenant_id = ${tenantId} and later.person_index = given.person_index
        and later.id <> given.id`)
  },
})

function openNumber(ring: ContentRing, context: SealContext, sealed: string): string {
  return openContent(ring, context, sealed).toString('utf8')
}
