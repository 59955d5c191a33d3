import { describeRing, parseSealRing, rearrangeRing, type SealRing } from '@callwire/crypto'
import type { Connection } from '../client.ts'
import { BackupError } from './backup-error.ts'

/** A public check value of one key of one ring, as `describeRing` gives it. */
export type KeyCheck = { readonly ring: string; readonly kid: string; readonly check: string }

/**
 * Throws BackupError `key_mismatch` when the database knows another key under one of these ids:
 * then the keys belong to another installation, or somebody replaced one.
 */
export async function compareChecks(sql: Connection, checks: readonly KeyCheck[]): Promise<void> {
  const { rows } = await sql.query<KeyCheck>(
    'select ring, kid, check_value as check from app.key_checks',
  )
  const recorded = new Map(rows.map(({ ring, kid, check }) => [`${ring} ${kid}`, check]))
  const other = checks.find(({ ring, kid, check }) => {
    const known = recorded.get(`${ring} ${kid}`)
    return known !== undefined && known !== check
  })
  if (other !== undefined) {
    throw new BackupError(
      'key_mismatch',
      `The key given as ${other.kid} is not the one that this database was sealed with: give the keys of this installation.`,
    )
  }
}

/**
 * The ring to seal a backup with, and the key that will: the one the database calls primary where
 * the ring has it, else the first that is not retired.
 */
export async function sealingKey(
  sql: Connection,
  text: string,
): Promise<{ ring: SealRing; kid: string }> {
  const ring = parseSealRing(text)
  const given = describeRing(ring).keys.map(({ kid }) => kid)
  const { rows } = await sql.query<{ kid: string; primary: boolean; retired: boolean }>(
    'select kid, is_primary as primary, retired_at is not null as retired from app.key_state',
  )
  const retired = new Set(rows.filter((row) => row.retired).map((row) => row.kid))
  const usable = given.filter((kid) => !retired.has(kid))
  const primary = rows.find((row) => row.primary)?.kid
  const kid = usable.find((one) => one === primary) ?? usable[0]
  if (kid === undefined) {
    throw new BackupError(
      'key_missing',
      `Every key given for backups is retired (${given.join(', ')}): derive BACKUP_SEAL_KEYS anew from the keys in use.`,
    )
  }
  rearrangeRing(ring, text, { primary: kid })
  return { ring, kid }
}
