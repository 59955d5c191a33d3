import { AppError } from '@callwire/runtime'

/**
 * - `not_a_backup`: no file of this format;
 * - `newer`: made by a later version of the format or of the schema;
 * - `damaged`: altered, cut, reordered, or sealed by somebody else;
 * - `key_missing`, `key_mismatch`: the keys given are not those that the file or its rows need;
 * - `not_empty`: the database to restore into holds something;
 * - `not_ready`: the database cannot be backed up, or restored into, as it is;
 * - `interrupted`: the signal was aborted.
 */
export type BackupErrorCode =
  | 'not_a_backup'
  | 'newer'
  | 'damaged'
  | 'key_missing'
  | 'key_mismatch'
  | 'not_empty'
  | 'not_ready'
  | 'interrupted'

/** Why there is no backup, or no restored database. `message` says what to do, and no values. */
export class BackupError extends AppError {
  declare readonly code: BackupErrorCode

  constructor(code: BackupErrorCode, message: string) {
    super({ code, message })
  }
}

/** One sentence for all of it: what was changed, and where, is nothing to rely on. */
export function damaged(): BackupError {
  return new BackupError(
    'damaged',
    'The backup is damaged: it was cut off, or something in it was changed. Use another one.',
  )
}
