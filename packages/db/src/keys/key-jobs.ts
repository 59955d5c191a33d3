import type { KeyJob, KeyStore, SealedPlace } from '../key-store.ts'
import type { Runner } from './runner.ts'

const columns = `id, kind, to_kid as "toKid", state, total, done, failed,
  failed_rows as "failedRows", place, after_tenant as "afterTenant", after_id as "afterId", owner,
  started_at as "startedAt", finished_at as "finishedAt", busy_ms::float8 as "busyMs"`

/** Where a job stands that nobody has begun. */
const firstPlace: SealedPlace = 'phone_credentials'

type KeyJobs = Pick<
  KeyStore,
  | 'openJob'
  | 'lastJob'
  | 'createJob'
  | 'claimJob'
  | 'advanceJob'
  | 'finishJob'
  | 'setJobPaused'
  | 'releaseJob'
>

/** Every move is one statement that says what it expects to find: of two owners, one succeeds. */
export function keyJobs(runner: Runner): KeyJobs {
  const first = async (text: string, values: readonly unknown[] = []) => {
    const [job] = await runner.rows<KeyJob>(text, values)
    return job ?? null
  }
  return {
    openJob: () => first(`select ${columns} from app.key_jobs where state <> 'done'`),

    lastJob: (kind) =>
      first(
        `select ${columns} from app.key_jobs where kind = $1
        order by started_at desc, id desc limit 1`,
        [kind],
      ),

    createJob: ({ id, kind, toKid, total }) =>
      first(
        `insert into app.key_jobs (id, kind, to_kid, total) values ($1, $2, $3, $4)
        on conflict do nothing returning ${columns}`,
        [id, kind, toKid, total],
      ),

    claimJob: (owner, { staleMs, places }) =>
      first(
        `update app.key_jobs set owner = $1, beat_at = now()
        where state = 'running' and (owner is null or owner = $1 or beat_at is null
          or beat_at < now() - $2::float8 * interval '1 millisecond')
          and (place = any ($3::text[]) or place is null and $4::boolean)
        returning ${columns}`,
        [owner, staleMs, [...places], places.some((place) => place === firstPlace)],
      ),

    advanceJob: async (id, owner, step) => {
      const { done, failed, failedRows, place, afterTenant, afterId, busyMs, total } = step
      const [job] = await runner.rows<{ state: 'running' | 'paused' }>(
        `update app.key_jobs set done = $3, failed = $4, failed_rows = $5::jsonb, place = $6,
          after_tenant = $7, after_id = $8, busy_ms = $9, total = coalesce($10, total),
          beat_at = now()
        where id = $1 and owner = $2 and state <> 'done' returning state`,
        [
          id,
          owner,
          done,
          failed,
          JSON.stringify(failedRows),
          place,
          afterTenant,
          afterId,
          Math.round(busyMs),
          total ?? null,
        ],
      )
      return job?.state ?? 'lost'
    },

    finishJob: async (id, owner) => {
      const finished = await runner.rows(
        `update app.key_jobs set state = 'done', finished_at = now(), owner = null, beat_at = null
        where id = $1 and owner = $2 and state = 'running' returning id`,
        [id, owner],
      )
      return finished.length > 0
    },

    setJobPaused: (paused) =>
      first(`update app.key_jobs set state = $1 where state <> 'done' returning ${columns}`, [
        paused ? 'paused' : 'running',
      ]),

    releaseJob: async (owner) => {
      await runner.rows(
        `update app.key_jobs set owner = null, beat_at = null where owner = $1 and state <> 'done'`,
        [owner],
      )
    },
  }
}
