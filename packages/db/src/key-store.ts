import { keyJobs } from './keys/key-jobs.ts'
import { keyHolders } from './keys/key-holders.ts'
import { keyState } from './keys/key-state.ts'
import type { Runner } from './keys/runner.ts'
import { sealedRows } from './keys/sealed-rows.ts'

/** Every place where text is sealed under a ring: a table, or one column of it. */
export const sealedPlaces = [
  'phone_credentials',
  'calls.person',
  'calls.metadata',
  'calls.recording_url',
  'call_keys',
  'callback_inbox',
  'idempotency_keys',
  'never_call',
  'recordings',
  // Last, as another process opens it than the others: a job changes hands once.
  'webhook_secrets',
] as const
export type SealedPlace = (typeof sealedPlaces)[number]

export type KeyRecord = {
  kid: string
  introducedAt: Date
  /** Null until it is promoted; null for good for the one that sealed before any was promoted. */
  promotedAt: Date | null
  retiredAt: Date | null
  primary: boolean
}

/** A process that holds rings, as of its last beat. */
export type KeyHolder = {
  instance: string
  service: string
  kids: string[]
  /** The key that it seals with. */
  primary: string
  startedAt: Date
  beatAt: Date
}

export type KeyJob = {
  id: string
  kind: 'rotate' | 'verify'
  toKid: string
  state: 'running' | 'paused' | 'done'
  total: number
  done: number
  failed: number
  failedRows: { place: SealedPlace; tenantId: string; id: string }[]
  /** How far it is: the row that was last dealt with. */
  place: SealedPlace | null
  afterTenant: string | null
  afterId: string | null
  /** Who works on it. */
  owner: string | null
  startedAt: Date
  finishedAt: Date | null
  /** Time worked, for the rate: not the time it was paused or alone. */
  busyMs: number
}

/** What a job has come to. All of it absolute, nothing to be added. */
export type KeyJobStep = Pick<
  KeyJob,
  'done' | 'failed' | 'failedRows' | 'place' | 'afterTenant' | 'afterId' | 'busyMs'
> & { total?: number }

/**
 * What the install knows about its keys: ids, public check values and counters, for all tenants at
 * once. Ages are by the database's clock. Each login may do what its service needs; the rest is
 * DbError `permission`.
 */
export type KeyStore = {
  /** In the order of introduction. Empty until a key was introduced. */
  records(): Promise<KeyRecord[]>
  /** Stores the check values not yet known; resolves with the kids that were stored with another. */
  confirmChecks(ring: string, keys: readonly { kid: string; check: string }[]): Promise<string[]>
  /** Says what a process holds, and forgets processes silent for a minute. */
  beat(holder: {
    instance: string
    service: string
    kids: readonly string[]
    primary: string
  }): Promise<void>
  leave(instance: string): Promise<void>
  /** The processes heard of within 15 s. */
  holders(): Promise<KeyHolder[]>
  /**
   * Records a key. While no key is recorded as primary, `primary` is. Doing it again changes
   * nothing.
   */
  introduce(kid: string, o: { primary: string }): Promise<KeyRecord>
  /** Makes `kid` the primary in place of `from`; false when that is not it, or `kid` is unknown or retired. */
  promote(kid: string, o: { from: string }): Promise<boolean>
  /** False when the key is the primary, unknown, or retired already. */
  retire(kid: string): Promise<boolean>
  /** The keys that rows name, place by place. As quick with a million rows as with one. */
  keyIds(): Promise<{ place: SealedPlace; kid: string }[]>
  keyRows(place: SealedPlace, kid: string): Promise<number>
  /**
   * Rows that name this key, or with null every row in which something sealed stands, after
   * (`afterTenant`, `afterId`) in that order; the empty text comes before all. An idempotency key's row goes by the id of its call.
   */
  sealedRows(o: {
    place: SealedPlace
    kid: string | null
    afterTenant: string
    afterId: string
    limit: number
  }): Promise<{ tenantId: string; id: string }[]>
  /** Calls not ended that were being dialed before. */
  openCallsDialedBefore(at: Date): Promise<number>
  /** The one job that is not done. */
  openJob(): Promise<KeyJob | null>
  /** The job of this kind that was started last, done or not. */
  lastJob(kind: KeyJob['kind']): Promise<KeyJob | null>
  /** Null while another job is not done. */
  createJob(job: {
    id: string
    kind: KeyJob['kind']
    toKid: string
    total: number
  }): Promise<KeyJob | null>
  /**
   * Takes the running job that nobody owns, that this owner has, or whose owner is silent for so
   * long; only one that stands at one of these places. A new one stands at the first of all.
   */
  claimJob(
    owner: string,
    o: { staleMs: number; places: readonly SealedPlace[] },
  ): Promise<KeyJob | null>
  /**
   * Writes how far the owner has come. `paused`: written, and somebody wants it to stop. `lost`:
   * not written, since another owns the job or it is done.
   */
  advanceJob(id: string, owner: string, step: KeyJobStep): Promise<'running' | 'paused' | 'lost'>
  /** False when it is paused or not this owner's. */
  finishJob(id: string, owner: string): Promise<boolean>
  /** Pauses the open job, or lets it run on; null when there is none. */
  setJobPaused(paused: boolean): Promise<KeyJob | null>
  /** Leaves what the owner works on to the next. */
  releaseJob(owner: string): Promise<void>
}

export function createKeyStore(runner: Runner): KeyStore {
  return {
    ...keyState(runner),
    ...keyHolders(runner),
    ...sealedRows(runner),
    ...keyJobs(runner),
  }
}
