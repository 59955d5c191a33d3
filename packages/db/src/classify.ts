export type DbErrorCode =
  | 'unavailable'
  | 'refuses_writes'
  | 'conflict'
  | 'foreign_key'
  | 'permission'
  | 'invalid'
  | 'unsafe_role'
  | 'migration'
  | 'internal'

const exact: Readonly<Record<string, DbErrorCode>> = {
  '23505': 'conflict',
  '23503': 'foreign_key',
  '23502': 'invalid',
  '23514': 'invalid',
  '42501': 'permission',
  // A standby, or a server that was set read-only.
  '25006': 'refuses_writes',
  // Cut off by a time limit of ours, refused a lock, or rolled back to break a deadlock: the next
  // attempt may go through.
  '57014': 'unavailable',
  '55P03': 'unavailable',
  '40001': 'unavailable',
  '40P01': 'unavailable',
  '25P03': 'unavailable',
}

const classes: Readonly<Record<string, DbErrorCode>> = {
  '08': 'unavailable',
  '22': 'invalid',
  '28': 'permission',
  '53': 'unavailable',
  '57': 'unavailable',
}

/** What a SQLSTATE (PostgreSQL's appendix A) means to a caller. */
export function classify(sqlstate: string): DbErrorCode {
  return exact[sqlstate] ?? classes[sqlstate.slice(0, 2)] ?? 'internal'
}
