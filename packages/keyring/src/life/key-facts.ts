import type { KeyJob, KeyRecord, KeyStore, SealedPlace } from '@callwire/db'
import type { KeyProcess } from './refusal.ts'

/** Everything that is known of the install's keys at one moment. */
export type KeyLifeFacts = {
  records: KeyRecord[]
  processes: KeyProcess[]
  rows: { place: SealedPlace; kid: string; rows: number }[]
  rotation: KeyJob | null
  verification: KeyJob | null
}

export async function readKeyFacts(keys: KeyStore): Promise<KeyLifeFacts> {
  const [records, holders, named, rotation, verification] = await Promise.all([
    keys.records(),
    keys.holders(),
    keys.keyIds(),
    keys.lastJob('rotate'),
    keys.lastJob('verify'),
  ])
  return {
    records,
    processes: holders.map(({ instance, service, kids, primary, beatAt }) => ({
      instance,
      service,
      kids,
      primary,
      seenAt: beatAt,
    })),
    rows: await Promise.all(
      named.map(async ({ place, kid }) => ({ place, kid, rows: await keys.keyRows(place, kid) })),
    ),
    rotation,
    verification,
  }
}

export function recordOf(facts: Pick<KeyLifeFacts, 'records'>, kid: string): KeyRecord | null {
  return facts.records.find((record) => record.kid === kid) ?? null
}

export function primaryRecord(facts: Pick<KeyLifeFacts, 'records'>): KeyRecord | null {
  return facts.records.find((record) => record.primary) ?? null
}

/**
 * The key that the install seals with: the recorded one, or, while none is, the one that all live
 * processes seal with. Null when they differ or none is running.
 */
export function sealingKey(facts: Pick<KeyLifeFacts, 'records' | 'processes'>): string | null {
  const recorded = primaryRecord(facts)
  if (recorded !== null) return recorded.kid
  const [first, ...others] = new Set(facts.processes.map((process) => process.primary))
  return first === undefined || others.length > 0 ? null : first
}

export function rowsUnder(facts: Pick<KeyLifeFacts, 'rows'>, kid: string): number {
  return facts.rows.reduce((sum, row) => sum + (row.kid === kid ? row.rows : 0), 0)
}
