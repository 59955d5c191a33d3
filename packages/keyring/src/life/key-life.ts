import type { JobView } from './job-view.ts'
import type { KeyProcess, KeyRefusal } from './refusal.ts'

/** Who takes a step: for the audit. */
export type KeyActor = {
  readonly kind: 'user' | 'api_key' | 'operator'
  readonly id: string
}

export type KeyView = {
  kid: string
  /**
   * `primary` seals; `introduced` may come to; `present` is held and not recorded; `retired` opens
   * nothing any more; `missing` is named by rows and held by nobody.
   */
  state: 'primary' | 'introduced' | 'present' | 'retired' | 'missing'
  /** Rows sealed under it, by place; places without any are left out. */
  rows: Record<string, number>
  total: number
}

export type KeyStatusView = {
  /** The key that seals; null while none is recorded and processes differ, or none is running. */
  primary: string | null
  keys: KeyView[]
  processes: KeyProcess[]
  rotation: JobView | null
  verification: JobView | null
}

export type Refused = { kind: 'refused'; refusal: KeyRefusal }

/** The steps of a key's life. What a person can cause is a refusal, never an exception. */
export type KeyLife = {
  status(): Promise<KeyStatusView>
  /** The open job of this kind, or the last one. Cheap, unlike `status`, which counts rows. */
  job(kind: JobView['kind']): Promise<JobView | null>
  /** Again and again for the same key says how far it is: `lacking` are live processes without it. */
  introduce(
    kid: string,
    by: KeyActor,
  ): Promise<{ kind: 'introduced'; kid: string; lacking: KeyProcess[] } | Refused>
  promote(
    kid: string,
    by: KeyActor,
  ): Promise<{ kind: 'promoted'; kid: string; from: string } | Refused>
  rotate(by: KeyActor): Promise<{ kind: 'started'; job: JobView } | Refused>
  verify(by: KeyActor): Promise<{ kind: 'started'; job: JobView } | Refused>
  pause(by: KeyActor): Promise<{ kind: 'paused'; job: JobView } | Refused>
  resume(by: KeyActor): Promise<{ kind: 'resumed'; job: JobView } | Refused>
  retire(kid: string, by: KeyActor): Promise<{ kind: 'retired'; kid: string } | Refused>
}
