import { neverCall, type Tx } from '@callwire/db'
import { mask } from '@callwire/masking'
import { inArray, lte, sql } from 'drizzle-orm'
import { invalidField } from '../../http/api-error.ts'
import type { NewId } from '../../new-id.ts'
import type { ListedNumbers } from './listed-number.ts'
import type { NeverCallRow } from './never-call-view.ts'

/** What is said of numbers that are put on the list. */
export type ListedWords = { reason: string; expiresAt: Date | null; createdBy: string }

/**
 * Puts numbers on a tenant's list. One that is there already keeps its id and gets the new words;
 * `replaced` holds those ids.
 *
 * @param o.numbers - E.164, each once
 */
export async function storeListed(
  tx: Tx,
  o: {
    tenantId: string
    numbers: readonly string[]
    words: ListedWords
    listed: ListedNumbers
    newId: NewId
  },
): Promise<{ rows: NeverCallRow[]; replaced: ReadonlySet<string> }> {
  const { tenantId, listed } = o
  await takeTurn(tx, tenantId)
  const indexes = o.numbers.map((number) => ({ number, index: listed.index(tenantId, number) }))
  const former = await tx
    .delete(neverCall)
    .where(
      inArray(
        neverCall.personIndex,
        indexes.flatMap(({ index }) => index),
      ),
    )
    .returning({ id: neverCall.id, personIndex: neverCall.personIndex })
  const idBy = new Map(former.map(({ id, personIndex }) => [personIndex, id]))
  const values = indexes.map(({ number, index }) => {
    const id = index.map((entry) => idBy.get(entry)).find((known) => known !== undefined)
    const kept = id ?? o.newId('neverCall')
    return { tenantId, id: kept, ...listed.columns(tenantId, kept, number), ...o.words }
  })
  const rows = await tx.insert(neverCall).values(values).returning()
  return { rows, replaced: new Set(former.map(({ id }) => id)) }
}

/**
 * One addition to a tenant's list at a time: while a key is being replaced a number has an index
 * under each, and no unique index sees that they are of one number.
 */
async function takeTurn(tx: Tx, tenantId: string): Promise<void> {
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`never-call:${tenantId}`}, 0))`,
  )
  // What has expired forbids nothing any more; a number is not kept for longer than it must be.
  await tx.delete(neverCall).where(lte(neverCall.expiresAt, sql`now()`))
}

const MOST_OF_REASON = 200

/**
 * What a person said of a number, as it is kept: numbers in it are hidden, for a reason is shown to
 * more people than a number is.
 *
 * @throws ApiError `validation_failed` for an expiry that has passed
 */
export function wordsOf(
  body: { reason: string; expiresAt?: string | undefined },
  o: { nowMs: number; createdBy: string },
): ListedWords {
  const expiresAt = body.expiresAt === undefined ? null : new Date(body.expiresAt)
  if (expiresAt !== null && expiresAt.getTime() <= o.nowMs) {
    throw invalidField('body.expiresAt', 'must be in the future')
  }
  const reason = mask(body.reason).text.slice(0, MOST_OF_REASON)
  return { reason, expiresAt, createdBy: o.createdBy }
}
