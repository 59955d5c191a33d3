import { DbError } from '../db-error.ts'
import type { KeyRecord, KeyStore } from '../key-store.ts'
import type { Rows, Runner } from './runner.ts'

const columns = `kid, introduced_at as "introducedAt", promoted_at as "promotedAt",
  retired_at as "retiredAt", is_primary as primary`

/** Any constant. Moves of keys take turns on it, so that each sees what the one before left. */
const KEYS_LOCK = 7_201_944

type KeyState = Pick<KeyStore, 'records' | 'confirmChecks' | 'introduce' | 'promote' | 'retire'>

export function keyState(runner: Runner): KeyState {
  const inTurn = <T>(work: (rows: Rows) => Promise<T>) =>
    runner.transaction(async (rows) => {
      await rows('select pg_advisory_xact_lock($1)', [KEYS_LOCK])
      return work(rows)
    })
  return {
    records: () =>
      runner.rows<KeyRecord>(`select ${columns} from app.key_state order by introduced_at, kid`),

    confirmChecks: (ring, keys) =>
      runner.transaction(async (rows) => {
        const values = [ring, keys.map(({ kid }) => kid), keys.map(({ check }) => check)]
        const given = 'from unnest($2::text[], $3::text[]) as k (kid, check_value)'
        await rows(
          `insert into app.key_checks (ring, kid, check_value)
          select $1, k.kid, k.check_value ${given} order by k.kid on conflict do nothing`,
          values,
        )
        const other = await rows<{ kid: string }>(
          `select k.kid ${given} join app.key_checks c on c.ring = $1 and c.kid = k.kid
          where c.check_value <> k.check_value order by k.kid`,
          values,
        )
        return other.map(({ kid }) => kid)
      }),

    introduce: (kid, { primary }) =>
      inTurn(async (rows) => {
        await rows(
          `insert into app.key_state (kid, is_primary)
          select $1, true where not exists (select from app.key_state where is_primary)
          on conflict (kid) do update set is_primary = true`,
          [primary],
        )
        await rows('insert into app.key_state (kid) values ($1) on conflict do nothing', [kid])
        const [record] = await rows<KeyRecord>(
          `select ${columns} from app.key_state where kid = $1`,
          [kid],
        )
        if (record === undefined) throw new DbError({ code: 'internal' })
        return record
      }),

    promote: (kid, { from }) =>
      inTurn(async (rows) => {
        // Both or neither: without a free primary's place, or with nobody to take it, none moves.
        const freed = await rows(
          `update app.key_state set is_primary = false
          where kid = $1 and is_primary and exists (
            select from app.key_state where kid = $2 and kid <> $1 and retired_at is null)
          returning kid`,
          [from, kid],
        )
        if (freed.length === 0) return false
        await rows(
          'update app.key_state set is_primary = true, promoted_at = now() where kid = $1',
          [kid],
        )
        return true
      }),

    retire: (kid) =>
      inTurn(async (rows) => {
        const retired = await rows(
          `update app.key_state set retired_at = now()
          where kid = $1 and not is_primary and retired_at is null returning kid`,
          [kid],
        )
        return retired.length > 0
      }),
  }
}
