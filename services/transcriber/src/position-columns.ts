import { transcriptions } from '@callwire/db'
import { sql } from 'drizzle-orm'
import type { Position } from './acknowledge.ts'

/**
 * A position as columns of a transcription, which never go back: two writers of one holder may commit
 * in another order than they read where the call was, and what is on record as done is forgotten.
 */
export function positionColumns({ ackedId, ackedMs }: Position) {
  const ms = Math.floor(ackedMs)
  return {
    ackedId: sql<string>`case when ${ms} >= ${transcriptions.ackedMs} then ${ackedId} else ${transcriptions.ackedId} end`,
    ackedMs: sql<number>`greatest(${transcriptions.ackedMs}, ${ms})`,
  }
}
